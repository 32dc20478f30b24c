//! HTTP: the app, the tiles, the API.
//!
//! In: requests. Out: answers from the snapshot. **Invariant:** only this room names axum; one error type, RFC 9457.
