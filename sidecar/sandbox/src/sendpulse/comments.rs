//! Comments on contacts and deals (sendpulse.md 3.2, 3.3).

use serde_json::{Map, Value, json};

use super::{
    Ctx, SendPulse,
    answers::{Done, Refusal, data},
    form::{Form, shown},
    shelf::Row,
    world::SANDBOX_OWNER_ID,
};

/// Characters of a comment (sendpulse.md 3.2).
const LONGEST: usize = 65_535;

/// A comment and what it stands on.
pub(super) struct Comment {
    pub(super) target: Target,
    pub(super) text: String,
}

/// What a comment or a call hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Contact(u64),
    Deal(u64),
}

impl SendPulse {
    /// `POST /contacts/{id}/comments`, `POST /deals/{id}/comments`: sent as `message`,
    /// returned as `text`.
    pub(super) fn comment_add(&mut self, ctx: &Ctx, target: Target, body: &Map<String, Value>) -> Done {
        let mut form = Form::new(body);
        form.only(&["message"], self.settings.unknown_fields);
        form.need(&["message"]);
        let text = form.text("message", LONGEST).unwrap_or_default();
        form.done()?;
        let id = self.comment_keep(ctx.now, Comment { target, text }, false);
        let comment = self.comments.get(id).ok_or(Refusal::NotFound("Comment"))?;
        Ok(data(200, comment_json(comment)))
    }

    pub(super) fn comment_keep(&mut self, now: jiff::Timestamp, comment: Comment, indexed: bool) -> u64 {
        let target = comment.target;
        let id = self.comments.add(now, comment, indexed);
        match target {
            Target::Contact(on) => self.contacts.shelf.touch(on, now).map(|row| row.data.comments.push(id)),
            Target::Deal(on) => self.deals.touch(on, now).map(|row| row.data.comments.push(id)),
        };
        id
    }
}

pub(super) fn comment_json(comment: &Row<Comment>) -> Value {
    let mut out = json!({
        "id": comment.id, "userId": SANDBOX_OWNER_ID, "text": comment.data.text,
        "createdAt": shown(comment.created), "updatedAt": shown(comment.updated),
    });
    let (name, id) = match comment.data.target {
        Target::Contact(id) => ("contactId", id),
        Target::Deal(id) => ("dealId", id),
    };
    if let Some(out) = out.as_object_mut() {
        out.insert(name.to_owned(), id.into());
    }
    out
}
