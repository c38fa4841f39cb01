//! Forgetting a person.

use tieline_engine::{call::Chat, phone::Phone};
use tieline_proto::v1::{ForgetRequest, ForgetResponse, MessengerChannel, forget_request::Person};
use tonic::Status;

use crate::{
    grpc::{
        asked::Asked,
        convert,
        desk::{Desk, note},
    },
    sidecar::{ForgetAsk, Refused, Who},
    store::keeping::{Forgetting, Forgotten},
};

/// Longest number and chat id (forget.proto).
const PHONE_BYTES_MAX: usize = 64;
const CHAT_BYTES_MAX: usize = 256;

pub(super) async fn forget(desk: &Desk, request: ForgetRequest) -> Result<ForgetResponse, Status> {
    let mut asked = Asked::default();
    let project = asked.project(&request.project);
    let who = who(&mut asked, request.person);
    asked.done()?;
    let Some(who) = who else { return Err(Refused::NobodysNumber.into()) };
    note(&project, None);
    let how = match (request.dry_run, request.drop_waiting) {
        (true, _) => Forgetting::Look,
        (false, false) => Forgetting::UnlessWaiting,
        (false, true) => Forgetting::Everything,
    };
    let forgotten = desk.sidecar.forget(ForgetAsk { project, who, how }).await;
    let forgotten = forgotten.map_err(|refused| match refused {
        Refused::NobodysNumber => nobody(&refused),
        refused => refused.into(),
    })?;
    Ok(answer(forgotten))
}

fn who(asked: &mut Asked, person: Option<Person>) -> Option<Who> {
    match person {
        Some(Person::Phone(phone)) => Some(Who::Phone(Phone::new(asked.needed("phone", &phone, PHONE_BYTES_MAX)))),
        Some(Person::Chat(chat)) => {
            let channel = MessengerChannel::try_from(chat.channel).ok().and_then(convert::channel);
            if channel.is_none() {
                asked.fault("chat.channel", "is required");
            }
            let id = asked.needed("chat.chat_id", &chat.chat_id, CHAT_BYTES_MAX).to_owned();
            channel.map(|channel| Who::Chat(Chat { channel: channel.to_owned(), id }))
        }
        None => {
            asked.fault("person", "is required: phone, or chat");
            None
        }
    }
}

fn nobody(refused: &Refused) -> Status {
    let mut asked = Asked::default();
    asked.fault("phone", refused.to_string());
    asked.done().err().unwrap_or_else(|| Status::invalid_argument(refused.to_string()))
}

fn answer(forgotten: Forgotten) -> ForgetResponse {
    let records = forgotten.records.iter();
    ForgetResponse {
        forgotten: forgotten.done,
        calls: forgotten.calls,
        waiting: forgotten.waiting,
        records: records.map(|((kind, id), link)| convert::kept_record(*kind, id, link.as_deref())).collect(),
    }
}
