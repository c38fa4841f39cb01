//! `tieline forget`: lets a running sidecar forget a person, and shows which records of the CRM are theirs.

use tieline_proto::v1::{
    EntityKind, ForgetChat, ForgetRequest, ForgetResponse, MessengerChannel, admin_service_client::AdminServiceClient,
    forget_request::Person,
};

use super::{
    Failure, Out,
    door::{Door, refused},
    out::confirm,
};

/// Whom to forget, and where.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    door: Door,
    /// The project.
    #[arg(long, value_name = "PROJECT")]
    project: String,
    /// The person's number, in any spelling.
    #[arg(long, value_name = "NUMBER", required_unless_present = "chat", conflicts_with = "chat")]
    phone: Option<String>,
    /// The person's messenger dialogue, such as telegram:12345.
    #[arg(long, value_name = "CHANNEL:ID")]
    chat: Option<String>,
    /// Drop calls that wait, too; they count as skipped.
    #[arg(long)]
    drop_waiting: bool,
    /// Only show what would be removed.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before removing.
    #[arg(long)]
    yes: bool,
}

/// Looks, shows, asks, removes.
///
/// # Errors
/// The sidecar cannot be reached or refuses, or nobody said yes.
pub async fn run(args: Args) -> Result<(), Failure> {
    let person = person(&args)?;
    let request = |dry_run| ForgetRequest {
        project: args.project.clone(),
        person: Some(person.clone()),
        drop_waiting: args.drop_waiting,
        dry_run,
    };
    let mut client = AdminServiceClient::new(args.door.open().await?);
    let found = client.forget(request(true)).await.map_err(|status| refused(&status))?.into_inner();
    let mut out = Out::new();
    // Shown before anything is removed: afterwards nobody knows them any more.
    show(&mut out, &found)?;
    if args.dry_run {
        return Ok(());
    }
    if !args.yes && !confirm(&format!("Remove what is stored of this person in {}?", args.project))? {
        return Err(Failure::Usage("nothing was removed: nobody said yes; --yes says it beforehand".to_owned()));
    }
    let done = client.forget(request(false)).await.map_err(|status| refused(&status))?.into_inner();
    let later = done.records.iter().filter(|record| !found.records.contains(record)).cloned().collect();
    let later = ForgetResponse { records: later, ..done };
    if !later.records.is_empty() {
        show(&mut out, &later)?;
    }
    out.line(format_args!("{} calls were removed; the ledger goes on counting them", later.calls))?;
    out.flush()
}

fn show(out: &mut Out, found: &ForgetResponse) -> Result<(), Failure> {
    out.line(format_args!("{} calls are stored, {} of them wait", found.calls, found.waiting))?;
    if !found.records.is_empty() {
        out.line("records in the CRM, to be removed there:")?;
    }
    for record in &found.records {
        let kind = EntityKind::try_from(record.kind).map_or("record", word);
        out.line(format!("  {kind} {} {}", record.id, record.url).trim_end())?;
    }
    out.flush()
}

fn word(kind: EntityKind) -> &'static str {
    kind.as_str_name().strip_prefix("ENTITY_KIND_").unwrap_or_default()
}

fn person(args: &Args) -> Result<Person, Failure> {
    let Some(chat) = &args.chat else { return Ok(Person::Phone(args.phone.clone().unwrap_or_default())) };
    let known = chat.split_once(':').and_then(|(channel, id)| {
        let name = format!("MESSENGER_CHANNEL_{}", channel.to_ascii_uppercase());
        Some((MessengerChannel::from_str_name(&name)?, id.to_owned()))
    });
    match known {
        Some((channel, chat_id)) => Ok(Person::Chat(ForgetChat { channel: channel.into(), chat_id })),
        None => Err(Failure::Usage("--chat is no dialogue; write one such as telegram:12345".to_owned())),
    }
}
