//! Requests that were sent before: `Idempotency-Key`, and what was answered.
//!
//! The commands of a draft have their keys in its log, for good. Of other writes the answers are remembered here, a bounded number and only
//! while the server runs. Only what was done is remembered: what was refused changed nothing, and is looked at again.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{model::Code, serve::Error};

/// Answers of a street remembered.
const KEPT: usize = 1000;

/// What `Idempotency-Key` says.
pub fn key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| (1..=128).contains(&text.len()));
    text.map(|text| Some(text.to_owned())).ok_or_else(|| Error::BadRequest("Idempotency-Key has 1 to 128 visible characters".into()))
}

/// An answer that can be given again.
#[derive(Clone, Debug)]
pub struct Reply {
    status: StatusCode,
    tag: String,
    body: serde_json::Value,
}

impl Reply {
    /// An answer with an entity tag, given without its quotes.
    pub fn new(status: StatusCode, tag: impl Into<String>, body: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_value(body).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self { status, tag: tag.into(), body })
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        tagged(self.status, &self.tag, &self.body)
    }
}

/// An answer with an entity tag, given without its quotes.
pub fn tagged<T: Serialize>(status: StatusCode, tag: &str, answer: &T) -> Response {
    (status, [(header::ETAG, format!("\"{tag}\"")), (header::CACHE_CONTROL, "no-store".into())], Json(answer)).into_response()
}

/// What a key stands for: a request of one kind on one resource.
#[derive(Clone, Debug)]
pub struct Keyed {
    street: Code,
    /// `None`: the request can not be told from another one.
    name: Option<(String, String)>,
}

impl Keyed {
    /// A request; `what` tells the resource and what is done to it.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when the header makes no sense.
    pub fn of(headers: &HeaderMap, street: &Code, what: String) -> Result<Self, Error> {
        Ok(Self { street: street.clone(), name: key(headers)?.map(|key| (what, key)) })
    }
}

/// A request of a street, and what it was answered.
type Answered = ((String, String), Reply);

/// Answers of late, by street.
#[derive(Debug, Default)]
pub struct Replies(Mutex<HashMap<Code, VecDeque<Answered>>>);

impl Replies {
    /// What was answered. Look while the street is held: the first of two at once is done, the second finds its answer.
    pub fn find(&self, request: &Keyed) -> Option<Reply> {
        let name = request.name.as_ref()?;
        let streets = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        streets.get(&request.street)?.iter().find(|(known, _)| known == name).map(|(_, reply)| reply.clone())
    }

    /// Remembers an answer.
    pub fn keep(&self, request: &Keyed, reply: &Reply) {
        let Some(name) = &request.name else { return };
        let mut streets = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let answers = streets.entry(request.street.clone()).or_default();
        answers.push_back((name.clone(), reply.clone()));
        if answers.len() > KEPT {
            answers.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(street: &str, what: &str, key: usize) -> Keyed {
        let headers = [("idempotency-key".parse().unwrap(), key.to_string().parse().unwrap())].into_iter().collect();
        Keyed::of(&headers, &Code::new(street).unwrap(), what.to_owned()).unwrap()
    }

    #[test]
    fn the_last_thousand_of_a_street_are_remembered() {
        let (replies, reply) = (Replies::default(), |n: usize| Reply::new(StatusCode::OK, "r1", &n).unwrap());
        for n in 0..=KEPT {
            replies.keep(&keyed("520201011", "undo 1", n), &reply(n));
        }
        let found = |street, what, n| replies.find(&keyed(street, what, n)).map(|reply| reply.body);
        assert_eq!(found("520201011", "undo 1", 0), None);
        assert_eq!(found("520201011", "undo 1", 1), Some(1.into()));
        assert_eq!(found("520201011", "undo 1", KEPT), Some(KEPT.into()));
        assert_eq!(found("520201011", "redo 1", 1), None, "another request");
        assert_eq!(found("520201012", "undo 1", 1), None, "another street");
        // Without a key nothing is remembered.
        let unnamed = Keyed::of(&HeaderMap::new(), &Code::new("520201011").unwrap(), "undo 1".to_owned()).unwrap();
        replies.keep(&unnamed, &reply(7));
        assert!(replies.find(&unnamed).is_none());
    }
}
