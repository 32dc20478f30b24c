//! The one error type of the service; it alone turns a failure into an answer (RFC 9457 problem+json).

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{backdrop, export, geometry::crs, plan::desk::Refusal, store};

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A query parameter that the resource does not know.
    #[error("parameter {name:?} is not known here; {}", known_here(known))]
    UnknownParameter {
        /// The parameter.
        name: String,
        /// What the resource knows.
        known: &'static [&'static str],
    },
    /// A parameter that must be there.
    #[error("parameter {0:?} is missing")]
    MissingParameter(&'static str),
    /// A parameter whose value is not understood.
    #[error("parameter {name:?}: {why}")]
    BadParameter {
        /// The parameter.
        name: &'static str,
        /// What is wrong and what would be right.
        why: String,
    },
    /// A coordinate that is not finite, out of range or not convertible.
    #[error("{0}")]
    BadCoordinate(String),
    /// A tile outside the pyramid.
    #[error("{0}")]
    BadTile(String),
    /// A request that is malformed in another way.
    #[error("{0}")]
    BadRequest(String),
    /// A body that is not the JSON expected.
    #[error("{0}")]
    BadBody(String),
    /// A body that is not JSON at all, by its own words.
    #[error("send the body as application/json")]
    NotJson,
    /// No area of that code on that day.
    #[error("no area {0} is in force on that day")]
    NoSuchArea(String),
    /// No plan of that number.
    #[error("street {street} has no plan {plan}")]
    NoSuchPlan {
        /// The street.
        street: String,
        /// The plan's number.
        plan: u32,
    },
    /// Nothing is known of the street.
    #[error("there is no street {0}")]
    NoSuchStreet(String),
    /// No plan is in force in the street.
    #[error("street {0} has no plan in force; draw one first")]
    NoPlan(String),
    /// Another draft of the street is called so.
    #[error("the street has another draft called {0:?}")]
    NameTaken(String),
    /// A write without `If-Match`.
    #[error("send If-Match with the entity tag that this was read under, so that nobody's change is lost")]
    NoIfMatch,
    /// Somebody changed the same cells meanwhile, or put the plan in force on other days.
    #[error("the plan is not as it was read; it is at revision {revision} now: see what happened since, and try again")]
    Stale {
        /// The draft's revision.
        revision: u32,
        /// Lines of its log since the revision that was named.
        since: Vec<serde_json::Value>,
    },
    /// What a preview showed has changed: the draft, other plans' days in force, or households.
    #[error("plans or households have changed since the preview; look at it again")]
    StalePreview,
    /// A command that cannot be done.
    #[error(transparent)]
    Refused(Refusal),
    /// No command is in effect.
    #[error("there is nothing to undo")]
    NothingToUndo,
    /// No command was taken back.
    #[error("there is nothing to do again")]
    NothingToRedo,
    /// A later plan begins where this one ends.
    #[error("a later plan follows this one; withdraw that one first")]
    NotLast,
    /// No planning of that number.
    #[error("there is no planning {0}; they are kept for an hour")]
    NoSuchPlanning(String),
    /// The planning has no result yet, or not that one.
    #[error("{0}")]
    NoResult(String),
    /// Too much planning at once.
    #[error("{0} plannings are under way already; wait for one or cancel it")]
    TooManyPlannings(usize),
    /// No issue of that id.
    #[error("no such issue")]
    NoSuchIssue,
    /// No collection of that name.
    #[error("no collection {0:?}; there are: streets, communities, cells, groups, issues")]
    NoSuchCollection(String),
    /// No such feature in the collection.
    #[error("no such feature in this collection")]
    NoSuchFeature,
    /// No tile layer of that name.
    #[error("no tile layer {name:?}; there are: {}", super::tiles::layer_names())]
    NoSuchLayer {
        /// What was asked for.
        name: String,
    },
    /// Nothing at this path.
    #[error("there is nothing at this path; the API begins at /api")]
    NoSuchPath,
    /// The resource does not take this method.
    #[error("this resource does not take this method; see the Allow header")]
    MethodNotAllowed,
    /// Household data while it is switched off.
    #[error("household positions are switched off on this server; start it with --households to serve them")]
    HouseholdsGuarded,
    /// No picture lies behind the map.
    #[error("this server has no backdrop; start it with --backdrop URL to have one")]
    NoBackdrop,
    /// The backdrop's source has nothing there.
    #[error("the source of the backdrop has no picture here")]
    NoPicture,
    /// The backdrop's source fails; what the network said goes to the log only.
    #[error(transparent)]
    Backdrop(#[from] backdrop::Error),
    /// The request names a host that is not this machine.
    #[error("this server answers to localhost, 127.0.0.1 and [::1] only, because it has no accounts yet")]
    UnknownHost,
    /// More points than one request may carry.
    #[error("{0} points in one request; the limit is {1}")]
    TooManyPoints(usize, usize),
    /// The body is larger than the limit.
    #[error("the body is larger than this resource takes")]
    BodyTooLarge,
    /// The request target is longer than the limit.
    #[error("the request's path and query are longer than 8192 bytes")]
    TargetTooLong,
    /// The answer took too long.
    #[error("the answer took too long")]
    Timeout,
    /// The web app is not part of this build.
    #[error("this build carries no web app: build web/dist first (make web), or use the API at /api")]
    AppNotBuilt,
    /// The store fails; the cause goes to the log only.
    #[error("store: {0}")]
    Store(#[from] store::Error),
    /// Anything else that is our fault; the cause goes to the log only.
    #[error("{0}")]
    Internal(String),
}

/// RFC 9457 problem details, as sent with `application/problem+json`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A URN made of the code.
    pub r#type: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this request, and what to do.
    pub detail: String,
    /// Stable and for programs: `unknown_parameter`, `no_such_area`, …
    pub code: String,
    /// Names this request in the server's log.
    pub request_id: String,
    /// With `unknown_parameter`: the parameters this resource knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Vec<String>>,
    /// With `refused`: why, as a stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// With `refused`: where, longitude and latitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<[f64; 2]>,
    /// With `refused`: cells, communities or groups it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<String>>,
    /// With `stale`: the draft's revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// With `stale`: lines of the draft's log since.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub since: Option<Vec<serde_json::Value>>,
}

impl Error {
    /// The status, and the code that programs may rely on.
    pub fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::UnknownParameter { .. } => (StatusCode::BAD_REQUEST, "unknown_parameter"),
            Self::MissingParameter(_) => (StatusCode::BAD_REQUEST, "missing_parameter"),
            Self::BadParameter { .. } => (StatusCode::BAD_REQUEST, "bad_parameter"),
            Self::BadCoordinate(_) => (StatusCode::BAD_REQUEST, "bad_coordinate"),
            Self::BadTile(_) => (StatusCode::BAD_REQUEST, "bad_tile"),
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::BadBody(_) => (StatusCode::BAD_REQUEST, "bad_body"),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json"),
            Self::NoSuchArea(_) => (StatusCode::NOT_FOUND, "no_such_area"),
            Self::NoSuchPlan { .. } => (StatusCode::NOT_FOUND, "no_such_plan"),
            Self::NoSuchStreet(_) => (StatusCode::NOT_FOUND, "no_such_street"),
            Self::NoPlan(_) => (StatusCode::CONFLICT, "no_plan"),
            Self::NameTaken(_) => (StatusCode::CONFLICT, "name_taken"),
            Self::NoIfMatch => (StatusCode::PRECONDITION_REQUIRED, "no_if_match"),
            Self::Stale { .. } => (StatusCode::PRECONDITION_FAILED, "stale"),
            Self::StalePreview => (StatusCode::PRECONDITION_FAILED, "stale_preview"),
            Self::Refused(_) => (StatusCode::UNPROCESSABLE_ENTITY, "refused"),
            Self::NothingToUndo => (StatusCode::CONFLICT, "nothing_to_undo"),
            Self::NothingToRedo => (StatusCode::CONFLICT, "nothing_to_redo"),
            Self::NotLast => (StatusCode::CONFLICT, "not_last"),
            Self::NoSuchPlanning(_) => (StatusCode::NOT_FOUND, "no_such_planning"),
            Self::NoResult(_) => (StatusCode::CONFLICT, "no_result"),
            Self::TooManyPlannings(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many_plannings"),
            Self::Store(store::Error::Refused { .. }) => (StatusCode::UNPROCESSABLE_ENTITY, "refused"),
            Self::NoSuchIssue => (StatusCode::NOT_FOUND, "no_such_issue"),
            Self::NoSuchCollection(_) => (StatusCode::NOT_FOUND, "no_such_collection"),
            Self::NoSuchFeature => (StatusCode::NOT_FOUND, "no_such_feature"),
            Self::NoSuchLayer { .. } => (StatusCode::BAD_REQUEST, "no_such_layer"),
            Self::NoSuchPath => (StatusCode::NOT_FOUND, "no_such_path"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::HouseholdsGuarded => (StatusCode::FORBIDDEN, "households_guarded"),
            Self::NoBackdrop => (StatusCode::NOT_FOUND, "no_backdrop"),
            Self::NoPicture => (StatusCode::NOT_FOUND, "no_picture"),
            Self::Backdrop(_) => (StatusCode::BAD_GATEWAY, "backdrop_failed"),
            Self::UnknownHost => (StatusCode::MISDIRECTED_REQUEST, "unknown_host"),
            Self::TooManyPoints(..) => (StatusCode::PAYLOAD_TOO_LARGE, "too_many_points"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::TargetTooLong => (StatusCode::URI_TOO_LONG, "target_too_long"),
            Self::Timeout => (StatusCode::SERVICE_UNAVAILABLE, "timeout"),
            Self::AppNotBuilt => (StatusCode::NOT_FOUND, "app_not_built"),
            Self::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    fn refusal(&self) -> Option<&Refusal> {
        if let Self::Refused(refusal) = self { Some(refusal) } else { None }
    }

    /// What the client may read: our own words for its mistakes, fixed text for ours.
    fn public_detail(&self) -> String {
        match self {
            Self::Store(store::Error::Refused { .. }) => self.to_string(),
            Self::Store(_) => "the store cannot be read right now; try again shortly".into(),
            Self::Internal(_) => "something went wrong on our side; the request id finds it in the server's log".into(),
            Self::Backdrop(backdrop::Error::Unreachable { .. }) => "the source of the backdrop cannot be reached".into(),
            other => other.to_string(),
        }
    }

    /// The error for an answer that the framework made on its own (no route, wrong method, body limit, timeout).
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NoSuchPath,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT => Self::Timeout,
            status if status.is_client_error() => Self::BadRequest(status.canonical_reason().unwrap_or("bad request").to_lowercase()),
            status => Self::Internal(format!("answered with {status}")),
        }
    }

    /// The whole answer. A cause that is ours is logged here, under the same request id, and not sent.
    pub(super) fn render(&self, request_id: &str, route: &str) -> Response {
        let (status, code) = self.status_and_code();
        if status.is_server_error() {
            tracing::error!(request_id, route, code, error = %self, "request failed");
        }
        let problem = Problem {
            r#type: format!("urn:wangge:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error").into(),
            status: status.as_u16(),
            detail: self.public_detail(),
            code: code.into(),
            request_id: request_id.into(),
            known: match self {
                Self::UnknownParameter { known, .. } => Some(known.iter().map(|name| (*name).to_owned()).collect()),
                _ => None,
            },
            reason: self.refusal().map(|r| r.reason.to_owned()),
            at: self.refusal().and_then(|r| r.at).map(|p| [p.lon(), p.lat()]),
            codes: self.refusal().map(|r| r.codes.iter().map(ToString::to_string).collect()),
            revision: if let Self::Stale { revision, .. } = self { Some(*revision) } else { None },
            since: if let Self::Stale { since, .. } = self { Some(since.clone()) } else { None },
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

fn known_here(known: &[&str]) -> String {
    if known.is_empty() { "this resource takes none".to_owned() } else { format!("known are: {}", known.join(", ")) }
}

/// An error with its causes on one line, for the log.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl From<crs::Error> for Error {
    fn from(error: crs::Error) -> Self {
        match error {
            crs::Error::Unknown(_) | crs::Error::NoShift(_) => Self::BadParameter { name: "crs", why: error.to_string() },
            crs::Error::Coordinate { .. } => Self::BadCoordinate(error.to_string()),
        }
    }
}

impl From<export::Error> for Error {
    fn from(error: export::Error) -> Self {
        match error {
            export::Error::NoSuchArea(code) => Self::NoSuchArea(code.to_string()),
            other => Self::Internal(chain(&other)),
        }
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Internal(format!("a task ended early: {error}"))
    }
}

/// Handlers return errors; the outermost layer ([`super::observe`]) renders them, because only it knows the request id.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status_and_code().0.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
