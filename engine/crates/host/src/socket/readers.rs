//! Which tasks read a socket, and in which order.

use crate::AppConfig;
use stage::{SocketId, TaskId};

/// How sockets are dealt to tasks: in turn; with acceptors, who hand a socket over after its first message; shared by
/// several tasks, who read it message by message in turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Readers {
    acceptors: u32,
    workers: u32,
    per_socket: u32,
}

impl Readers {
    pub(super) fn new(apps: &AppConfig) -> Self {
        let acceptors = apps.acceptors.min(apps.count.saturating_sub(1));
        let workers = (apps.count - acceptors).max(1);
        Readers { acceptors, workers, per_socket: apps.readers_per_socket.clamp(1, workers) }
    }

    /// Whether a socket is always read by the same task.
    #[inline]
    pub(super) fn are_fixed(&self) -> bool {
        self.acceptors == 0 && self.per_socket == 1
    }

    /// Whether a task accepts.
    pub(super) fn accepts(&self, task: TaskId) -> bool {
        task.0 < self.acceptors
    }

    /// The tasks that read a socket at first.
    pub(super) fn of(&self, socket: SocketId) -> impl Iterator<Item = TaskId> + use<> {
        let accepted = self.acceptors > 0;
        let own = *self;
        let count = if accepted { 1 } else { self.per_socket };
        (0..count)
            .map(move |turn| if accepted { own.first(socket) } else { own.worker(socket, u64::from(turn)) })
    }

    /// Those that read it after it was accepted.
    pub(super) fn workers(&self, socket: SocketId) -> impl Iterator<Item = TaskId> + use<> {
        let own = *self;
        (0..self.per_socket).map(move |turn| own.worker(socket, u64::from(turn)))
    }

    /// The task that reads a socket's first message.
    pub(super) fn first(&self, socket: SocketId) -> TaskId {
        match socket.0.checked_rem(self.acceptors) {
            Some(acceptor) => TaskId(acceptor),
            None => self.worker(socket, 0),
        }
    }

    /// The task that reads the message after `messages` of them, at least one.
    pub(super) fn next(&self, socket: SocketId, messages: u64) -> TaskId {
        self.worker(socket, messages - u64::from(self.acceptors > 0))
    }

    fn worker(&self, socket: SocketId, turn: u64) -> TaskId {
        let turn = (turn % u64::from(self.per_socket)) as u32;
        TaskId(self.acceptors + (socket.0 % self.workers + turn) % self.workers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readers(count: u32, acceptors: u32, readers_per_socket: u32) -> Readers {
        Readers::new(&AppConfig {
            zero_copy: None,
            count,
            acceptors,
            readers_per_socket,
            work_per_message: 0,
            read_bytes: 0,
            answer_bytes: 0,
            by_napi: false,
            busy_poll: None,
        })
    }

    fn order(readers: Readers, socket: u32) -> Vec<u32> {
        let socket = SocketId(socket);
        let later = (1..5).map(|messages| readers.next(socket, messages).0);
        std::iter::once(readers.first(socket).0).chain(later).collect()
    }

    #[test]
    fn sockets_are_dealt_in_turn() {
        assert_eq!(order(readers(4, 0, 1), 6), [2; 5]);
    }

    #[test]
    fn acceptors_hand_over_after_the_first_message() {
        assert_eq!(order(readers(4, 1, 1), 5), [0, 3, 3, 3, 3]);
        assert!(readers(4, 1, 1).accepts(TaskId(0)) && !readers(4, 1, 1).accepts(TaskId(1)));
    }

    #[test]
    fn shared_sockets_are_read_in_turn() {
        assert_eq!(order(readers(4, 0, 2), 3), [3, 0, 3, 0, 3]);
        assert_eq!(readers(4, 0, 2).of(SocketId(3)).collect::<Vec<_>>(), [TaskId(3), TaskId(0)]);
    }
}
