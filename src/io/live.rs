//! The customers' pages that are open: where what the engine says of their calls goes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::base::IntentId;
use crate::base::limits::{LIVE_QUEUE_MAX, LIVE_STREAMS_MAX, LIVE_STREAMS_PER_INTENT_MAX};
use crate::calls::pages::{PageInput, Standing};

use super::door::EngineDoor;

/// Every open page. Telling them never waits.
#[derive(Default)]
pub struct LivePages {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    watched: HashMap<IntentId, Watched>,
    streams: usize,
    numbered: u64,
    is_closed: bool,
}

#[derive(Default)]
struct Watched {
    /// What the engine said last; `None` until it has said anything.
    last: Option<Heard>,
    streams: Vec<(u64, mpsc::Sender<News>)>,
}

/// How the call of an intent stands; `None`: no call of it is in progress.
pub type Heard = Option<Box<Standing>>;

/// What a page is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Stands(Heard),
    /// Nothing new: the connection is alive.
    Beat,
}

/// One page's end. It ends when the page is too slow or the server stops.
pub struct LiveStream {
    intent: IntentId,
    number: u64,
    news: mpsc::Receiver<News>,
    pages: Arc<LivePages>,
    door: Arc<dyn EngineDoor>,
}

/// Why a page is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoStream {
    /// This intent has as many pages open as it may.
    OfIntent,
    OfServer,
    Stopping,
}

impl LivePages {
    /// Opens a stream; the first that it says is how the call stands now.
    pub fn open(self: &Arc<LivePages>, intent: IntentId, door: &Arc<dyn EngineDoor>) -> Result<LiveStream, NoStream> {
        let (sender, news) = mpsc::channel(LIVE_QUEUE_MAX);
        let mut inner = self.lock();
        inner.has_room(intent)?;
        inner.streams += 1;
        inner.numbered += 1;
        let number = inner.numbered;
        let watched = inner.watched.entry(intent).or_default();
        if let Some(last) = &watched.last {
            // The queue is empty.
            let _ = sender.try_send(News::Stands(last.clone()));
        }
        watched.streams.push((number, sender));
        // While the lock is held, so that an opening and a closing reach the engine in their order.
        if watched.streams.len() == 1 {
            door.page(PageInput::Opened { intent });
        }
        Ok(LiveStream { intent, number, news, pages: Arc::clone(self), door: Arc::clone(door) })
    }

    /// What the engine says. A page that has not read what it was told before is cut off; it may come again.
    pub fn tell(&self, intent: IntentId, standing: Heard) {
        if let Some(watched) = self.lock().watched.get_mut(&intent) {
            watched.streams.retain(|(_, stream)| stream.try_send(News::Stands(standing.clone())).is_ok());
            watched.last = Some(standing);
        }
    }

    /// A sign of life to every page, so that a proxy keeps the connection and a reader that is stuck is found.
    pub fn beat(&self) {
        for watched in self.lock().watched.values_mut() {
            watched.streams.retain(|(_, stream)| stream.try_send(News::Beat).is_ok());
        }
    }

    /// Ends every stream, before the process ends.
    pub fn close_all(&self) {
        let mut inner = self.lock();
        inner.is_closed = true;
        inner.watched.values_mut().for_each(|watched| watched.streams.clear());
    }

    /// The server stops.
    pub fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    pub fn count(&self) -> usize {
        self.lock().streams
    }

    fn close(&self, intent: IntentId, number: u64, door: &dyn EngineDoor) {
        let mut inner = self.lock();
        inner.streams = inner.streams.saturating_sub(1);
        let Some(watched) = inner.watched.get_mut(&intent) else { return };
        watched.streams.retain(|(other, _)| *other != number);
        if watched.streams.is_empty() {
            inner.watched.remove(&intent);
            door.page(PageInput::Closed { intent });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn has_room(&self, intent: IntentId) -> Result<(), NoStream> {
        let of_intent = self.watched.get(&intent).map_or(0, |watched| watched.streams.len());
        match () {
            () if self.is_closed => Err(NoStream::Stopping),
            () if of_intent >= LIVE_STREAMS_PER_INTENT_MAX => Err(NoStream::OfIntent),
            () if self.streams >= LIVE_STREAMS_MAX => Err(NoStream::OfServer),
            () => Ok(()),
        }
    }
}

impl LiveStream {
    /// `None` when the stream is over.
    pub async fn next(&mut self) -> Option<News> {
        self.news.recv().await
    }
}

impl Drop for LiveStream {
    fn drop(&mut self) {
        self.pages.close(self.intent, self.number, &*self.door);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CallId, Level};
    use crate::calls::pages::PageState;
    use crate::desktop::DesktopInput;
    use crate::engine::question::Question;
    use crate::io::door::Asked;

    /// Notes which pages the engine hears of.
    #[derive(Default)]
    struct Ears(Mutex<Vec<PageInput>>);

    impl EngineDoor for Ears {
        fn desktop(&self, _: DesktopInput) {}

        fn page(&self, input: PageInput) {
            self.0.lock().unwrap().push(input);
        }

        fn is_behind(&self) -> bool {
            false
        }

        fn ask(&self, _: Question) -> Asked<'_> {
            Box::pin(std::future::ready(None))
        }
    }

    const INTENT: IntentId = IntentId(1);

    fn standing(state: PageState) -> Heard {
        let (position, expected_wait, agent) = (None, None, None);
        let level = Level::Strong;
        Some(Box::new(Standing {
            call: CallId(1),
            state,
            level,
            position,
            expected_wait,
            agent,
            talked: false,
            case: None,
        }))
    }

    fn world() -> (Arc<LivePages>, Arc<Ears>, Arc<dyn EngineDoor>) {
        let ears = Arc::new(Ears::default());
        let door = Arc::clone(&ears) as Arc<dyn EngineDoor>;
        (Arc::default(), ears, door)
    }

    #[tokio::test]
    async fn the_engine_hears_of_the_first_and_the_last_page_of_an_intent() {
        let (pages, ears, door) = world();
        let mut first = pages.open(INTENT, &door).ok().unwrap();
        pages.tell(INTENT, standing(PageState::Waiting));
        let mut second = pages.open(INTENT, &door).ok().unwrap();
        for stream in [&mut first, &mut second] {
            assert_eq!(stream.next().await, Some(News::Stands(standing(PageState::Waiting))));
        }
        drop(first);
        assert_eq!(*ears.0.lock().unwrap(), [PageInput::Opened { intent: INTENT }]);
        drop(second);
        assert_eq!(ears.0.lock().unwrap()[1..], [PageInput::Closed { intent: INTENT }]);
        assert_eq!((pages.count(), pages.lock().watched.len()), (0, 0));
    }

    #[tokio::test]
    async fn a_reader_that_is_stuck_is_cut_and_others_are_not() {
        let (pages, _, door) = world();
        let (mut stuck, mut reads) = (pages.open(INTENT, &door).ok().unwrap(), pages.open(INTENT, &door).ok().unwrap());
        for _ in 0..=LIVE_QUEUE_MAX {
            pages.beat();
            assert_eq!(reads.next().await, Some(News::Beat));
        }
        let mut heard = 0;
        while stuck.next().await.is_some() {
            heard += 1;
        }
        assert_eq!(heard, LIVE_QUEUE_MAX, "what had been told before, and then the end");
        pages.tell(INTENT, None);
        assert_eq!(reads.next().await, Some(News::Stands(None)));
    }

    #[tokio::test]
    async fn pages_are_bounded_and_end_with_the_server() {
        let (pages, _, door) = world();
        let mut open: Vec<_> =
            (0..LIVE_STREAMS_PER_INTENT_MAX).map(|_| pages.open(INTENT, &door).ok().unwrap()).collect();
        assert_eq!(pages.open(INTENT, &door).err(), Some(NoStream::OfIntent));
        assert!(pages.open(IntentId(2), &door).is_ok(), "another's page is another's affair");
        pages.close_all();
        for stream in &mut open {
            assert_eq!(stream.next().await, None);
        }
        assert_eq!(pages.open(IntentId(2), &door).err(), Some(NoStream::Stopping));
    }
}
