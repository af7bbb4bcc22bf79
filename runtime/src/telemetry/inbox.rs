//! An inbox whose failures are counted.

use std::future::Future;
use std::time::Duration;

use super::{Metrics, add};
use crate::handler::HandlerError;
use crate::inbox::{Admission, EventKey, Inbox};

/// Does what the inbox in it does.
#[derive(Debug)]
pub(crate) struct Counted<I> {
    inner: I,
    metrics: Metrics,
}

impl<I> Counted<I> {
    pub(crate) fn new(inner: I, metrics: Metrics) -> Self {
        Self { inner, metrics }
    }

    async fn count<T>(&self, asked: impl Future<Output = Result<T, HandlerError>>) -> Result<T, HandlerError> {
        asked.await.inspect_err(|_| {
            add(&self.metrics.counters().inbox_failures, 1);
        })
    }
}

impl<I: Inbox> Inbox for Counted<I> {
    type Session = I::Session;
    type Context = I::Context;
    const REMEMBERS: bool = I::REMEMBERS;
    const UNDOES: bool = I::UNDOES;

    fn remembers_for(&self) -> Option<Duration> {
        self.inner.remembers_for()
    }

    async fn open(&self) -> Result<Self::Session, HandlerError> {
        self.count(self.inner.open()).await
    }

    async fn begin(
        &self,
        session: &mut Self::Session,
        events: &[EventKey<'_>],
        admissions: &mut Vec<Admission>,
    ) -> Result<(), HandlerError> {
        self.count(self.inner.begin(session, events, admissions)).await
    }

    fn lend(&self, session: &mut Self::Session) -> Result<Self::Context, HandlerError> {
        self.inner.lend(session)
    }

    fn reclaimed(&self, session: &mut Self::Session) -> bool {
        self.inner.reclaimed(session)
    }

    async fn commit(&self, session: &mut Self::Session) -> Result<(), HandlerError> {
        self.count(self.inner.commit(session)).await
    }

    async fn rollback(&self, session: &mut Self::Session) -> Result<(), HandlerError> {
        self.count(self.inner.rollback(session)).await
    }
}
