//! One task per client: carries bytes between its socket and its session, and does what it asks.
//!
//! While idle it holds neither a read nor a write buffer. A batch is everything one read brought;
//! it goes to the commit thread lane by lane and comes back as one ring of the line, answered by
//! one write. Not here: MQTT (`session`), seats (`identity`), the side of the bus (`connection/household`).

mod entry;
mod household;

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use proto::unit::Mono;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{sleep_until, timeout};

use crate::bus::Member;
use crate::clock::span;
use crate::commit::Answer;
use crate::entrance::Ticket;
use crate::inside::Inside;
use crate::line::{Hangup, Line};
use crate::session::{Action, Ending, Fault, Session};
use crate::{Arrival, Certificate, Counters, Who};

/// Bytes taken from a socket at once.
const READ: usize = 16_384;
/// Time for the last words of a session to leave.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Who is on the other end, before it has said anything.
pub(crate) struct Caller {
    pub(crate) peer: SocketAddr,
    /// It is this machine itself.
    pub(crate) own: bool,
    pub(crate) certificate: Option<Box<Certificate>>,
}

/// One client.
pub(crate) struct Connection<S> {
    io: S,
    pub(crate) number: u64,
    pub(crate) caller: Caller,
    pub(crate) inside: Arc<Inside>,
    pub(crate) ticket: Ticket,
    pub(crate) line: Arc<Line>,
    pub(crate) session: Session,
    pub(crate) member: Option<Member>,
    held: Option<household::Held>,
    buffer: BytesMut,
    /// Arrivals handed to the commit thread.
    submitted: u64,
    unsent_since: Option<Mono>,
    unflushed: bool,
    stirred: bool,
    /// It was looked at and had said nothing.
    looked: bool,
    heard: bool,
}

enum Step {
    Read,
    Wrote,
}

/// Serves one client until it is gone.
pub(crate) async fn serve<S>(
    io: S,
    caller: Caller,
    (ticket, line): (Ticket, Arc<Line>),
    inside: Arc<Inside>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let now = inside.clock.now();
    let limits = Arc::clone(&inside.limits);
    let number = ticket.id();
    let mut connection = Connection {
        io,
        number,
        caller,
        ticket,
        line,
        session: Session::new(limits, now),
        member: None,
        held: None,
        buffer: BytesMut::new(),
        submitted: 0,
        unsent_since: None,
        unflushed: false,
        stirred: false,
        looked: false,
        heard: false,
        inside,
    };
    let lost = connection.run().await.is_err();
    connection.finish(lost).await;
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Until the session is over; an error means that the connection is lost.
    async fn run(&mut self) -> io::Result<()> {
        let clock = self.inside.clock;
        let line = Arc::clone(&self.line);
        let timer = sleep_until(clock.instant(self.deadline()));
        tokio::pin!(timer);
        while self.session.ending().is_none() {
            let deadline = clock.instant(self.deadline());
            if deadline < timer.deadline() {
                timer.as_mut().reset(deadline);
            }
            tokio::select! {
                step = poll_fn(|cx| self.poll_step(cx)) => match step? {
                    Step::Read => self.handle_bytes(),
                    Step::Wrote => self.session.handle_sent(),
                },
                () = line.rung() => {}
                () = &mut timer => {
                    self.handle_timeout()?;
                    timer.as_mut().reset(clock.instant(self.deadline()));
                }
            }
            self.take_line();
            self.handle_bytes();
            self.perform().await;
            self.take_mail();
        }
        Ok(())
    }

    fn deadline(&self) -> Mono {
        let stall = self.unsent_since.map(|since| since.after(span(self.inside.limits.stall)));
        // A session that is being admitted is answered in the same breath.
        let session = self.session.poll_timeout();
        let held = self.held.as_ref().map(|held| held.until);
        let both = [stall, session, held].into_iter().flatten().min();
        both.unwrap_or_else(|| self.inside.clock.now().after(span(self.inside.limits.stall)))
    }

    fn handle_timeout(&mut self) -> io::Result<()> {
        let now = self.inside.clock.now();
        self.session.handle_timeout(now);
        let stalled = self
            .unsent_since
            .is_some_and(|since| now >= since.after(span(self.inside.limits.stall)));
        if stalled { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }

    fn handle_bytes(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        let now = self.inside.clock.now();
        self.session.handle_bytes(now, &mut self.buffer);
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }

    /// Takes what others have left on the line.
    fn take_line(&mut self) {
        let inbox = self.line.empty(self.session.takes_down());
        for run in inbox.verdicts {
            self.session.handle_verdicts(run.first, run.len, run.verdict);
        }
        for down in inbox.down {
            self.session.handle_down(down);
        }
        if let Some(why) = inbox.hangup {
            self.session.handle_hangup(why);
        }
    }

    /// Sends what is to be sent, then reads what the session wants.
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Step>> {
        match self.poll_send(cx) {
            Poll::Ready(Ok(true)) => return Poll::Ready(Ok(Step::Wrote)),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Ready(Ok(false)) | Poll::Pending => {}
        }
        if !self.session.wants_bytes() {
            return Poll::Pending;
        }
        let mut bytes = [const { MaybeUninit::<u8>::uninit() }; READ];
        let mut bytes = ReadBuf::uninit(&mut bytes);
        let read = Pin::new(&mut self.io).poll_read(cx, &mut bytes);
        if !self.heard {
            self.first_bytes(read.is_ready());
        }
        ready!(read)?;
        if bytes.filled().is_empty() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        self.buffer.extend_from_slice(bytes.filled());
        Poll::Ready(Ok(Step::Read))
    }

    /// Tells the entrance whether its caller lets it wait.
    fn first_bytes(&mut self, came: bool) {
        if came {
            self.heard = true;
            if self.looked {
                self.ticket.heard();
            }
        } else if !std::mem::replace(&mut self.looked, true) {
            self.ticket.looked();
        }
    }

    /// Ready(true) when everything has just left, Ready(false) when there was nothing.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let output = self.session.output();
        if output.is_empty() && !self.unflushed {
            return Poll::Ready(Ok(false));
        }
        if self.unsent_since.is_none() {
            self.unsent_since = Some(self.inside.clock.now());
        }
        while !output.is_empty() {
            match ready!(Pin::new(&mut self.io).poll_write(cx, output))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => output.advance(sent),
            }
            self.unflushed = true;
        }
        ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        *output = BytesMut::new();
        self.unflushed = false;
        self.unsent_since = None;
        Poll::Ready(Ok(true))
    }

    /// Does what the session asks for.
    async fn perform(&mut self) {
        self.act().await;
        // While it waited for room, verdicts may have made room for bytes that are here already.
        while std::mem::take(&mut self.stirred) {
            self.handle_bytes();
            self.act().await;
        }
    }

    async fn act(&mut self) {
        let mut batch: Vec<Arrival> = Vec::new();
        if !self.say_held() {
            return;
        }
        while let Some(action) = self.session.next_action() {
            match action {
                Action::Keep(arrival) => {
                    if batch.last().is_some_and(|last| last.lane != arrival.lane) {
                        self.submit(std::mem::take(&mut batch)).await;
                    }
                    batch.push(arrival);
                }
                Action::Admit(connect) => {
                    entry::admit(self, &connect);
                    // What came with the CONNECT has waited for the answer.
                    self.handle_bytes();
                }
                Action::Listening => self.listen(),
                Action::Deaf => self.line.set_listening(false),
                Action::Bus(ask) => {
                    if !self.on_bus(ask).await {
                        break;
                    }
                }
            }
        }
        if !batch.is_empty() {
            self.submit(batch).await;
        }
        let acknowledged = self.session.take_acknowledged();
        if acknowledged > 0 {
            self.inside.count(|counters| counters.acknowledged += acknowledged);
        }
    }

    fn listen(&mut self) {
        self.line.set_listening(true);
        if let Some(pass) = self.session.pass() {
            self.inside.gate.listening(pass.who);
        }
    }

    /// Hands a batch to the commit thread, as soon as it has room; until then nothing is read.
    async fn submit(&mut self, batch: Vec<Arrival>) {
        let Some(lane) = batch.first().map(|arrival| arrival.lane) else { return };
        let count = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        let line = Arc::clone(&self.line);
        let inside = Arc::clone(&self.inside);
        let reserve = inside.commit.reserve(lane, count);
        tokio::pin!(reserve);
        let room = loop {
            tokio::select! {
                biased;
                room = &mut reserve => break room,
                () = line.rung() => {
                    self.take_line();
                    self.stirred = true;
                    if self.session.ending().is_some() {
                        return;
                    }
                }
            }
        };
        let Some(room) = room else {
            return self.session.handle_hangup(Hangup::Shutdown);
        };
        self.ticket.spoke();
        let first = self.submitted;
        self.submitted += u64::from(count);
        inside.count(|counters| counters.arrivals += u64::from(count));
        inside.commit.submit(batch, lane, Answer::Session { line, first }, room);
    }

    /// Seat, will, counters and last words.
    async fn finish(mut self, lost: bool) {
        let ending = self.session.ending();
        self.leave_bus(ending).await;
        if let Some(pass) = self.session.pass() {
            let last = self.inside.roster.leave(pass, self.number);
            // The watchdog is the door's own and none of the gate's.
            if last && pass.who != Who::Watchdog {
                self.inside.gate.gone(pass.who);
            }
            self.inside.count(|counters| counters.sessions -= 1);
            tracing::debug!(who = ?pass.who, ?ending, lost, "session over");
        }
        self.inside.count(|counters| tally(counters, ending));
        // Nobody waits for a peer that has said nothing, or whose place is needed.
        let nobody = self.session.pass().is_none()
            && matches!(ending, Some(Ending::NoConnect | Ending::Hangup(_)));
        if !lost && !nobody {
            let line = Arc::clone(&self.line);
            tokio::select! {
                biased;
                // Whether they arrive is the peer's affair: the session is over either way.
                _ = timeout(LAST_WORDS, self.last_words()) => {}
                () = line.crowded() => {}
            }
        }
    }

    /// Sends what is left and waits for the peer to close: to close first while its bytes are
    /// unread would reset the connection, and it would never read why.
    async fn last_words(&mut self) -> io::Result<()> {
        self.io.write_all(self.session.output()).await?;
        self.io.shutdown().await?;
        let mut rest = [0; 256];
        while self.io.read(&mut rest).await? > 0 {}
        Ok(())
    }
}

fn tally(counters: &mut Counters, ending: Option<Ending>) {
    match ending {
        Some(Ending::Denied) => counters.denied += 1,
        Some(Ending::Fault(fault)) => {
            counters.breaches += 1;
            counters.parser_panics += u64::from(fault == Fault::Parser);
        }
        Some(Ending::Refused) => counters.refused += 1,
        Some(Ending::Hangup(Hangup::Overflow)) => counters.overflows += 1,
        Some(
            Ending::Goodbye
            | Ending::GoodbyeWithWill
            | Ending::NoConnect
            | Ending::Silent
            | Ending::Hangup(_),
        )
        | None => {}
    }
}
