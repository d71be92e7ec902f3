//! Channels, locks and functions that block, between tasks and threads.

use crate::common::*;
use ringline::sync::{CancellationToken, Mutex, Semaphore};
use ringline::*;
use std::io::ErrorKind;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

#[test]
fn one_value_comes_from_another_thread_or_its_end_is_told() {
    run(config(), || async {
        let (sender, receiver) = oneshot::channel();
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            sender.send(42)
        });
        assert_eq!(timeout(LIMIT, receiver).await, Ok(Ok(42)));
        assert_eq!(thread.join().expect("no panic"), Ok(()));
        let (sender, receiver) = oneshot::channel::<u8>();
        drop(sender);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
        assert_eq!(receiver.await, Err(RecvError));
        let (sender, receiver) = oneshot::channel();
        drop(receiver);
        assert_eq!(sender.send(7), Err(7));
        let (sender, receiver) = oneshot::channel();
        assert_eq!(sender.send(7), Ok(()));
        assert_eq!(receiver.try_recv(), Ok(7));
        assert_eq!(receiver.await, Err(RecvError));
    });
}

#[test]
fn many_values_come_in_order_and_a_full_channel_holds_its_sender() {
    run(config(), || async {
        let (sender, receiver) = mpsc::channel(2);
        sender.try_send(1).expect("room");
        sender.try_send(2).expect("room");
        assert_eq!(sender.try_send(3), Err(TrySendError::Full(3)));
        assert!(timeout(Duration::from_millis(5), sender.send(3)).await.is_err());
        let other = sender.clone();
        let task = spawn_with_handle(async move { other.send(4).await }).expect("room");
        for expected in [1, 2, 4] {
            assert_eq!(timeout(LIMIT, receiver.recv()).await, Ok(Some(expected)));
        }
        assert_eq!(task.await, Ok(Ok(())));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        let thread = thread::spawn(move || {
            for value in 0..1000 {
                sender.blocking_send(value).expect("a receiver");
            }
        });
        for expected in 0..1000 {
            assert_eq!(timeout(LIMIT, receiver.recv()).await, Ok(Some(expected)));
        }
        assert_eq!(timeout(LIMIT, receiver.recv()).await, Ok(None));
        thread.join().expect("no panic");
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
        let (sender, receiver) = mpsc::channel(1);
        drop(receiver);
        assert_eq!(sender.try_send(1), Err(TrySendError::Disconnected(1)));
        assert_eq!(sender.send(1).await, Err(SendError(1)));
    });
}

#[test]
#[should_panic(expected = "a channel holds one value at least")]
fn a_channel_without_room_is_refused() {
    let _ = mpsc::channel::<u8>(0);
}

#[test]
fn a_token_stops_its_children_from_another_thread() {
    run(config(), || async {
        let token = CancellationToken::new();
        let child = token.child_token();
        let other = token.child_token();
        other.cancel();
        assert!(other.is_cancelled() && !token.is_cancelled());
        let thread = thread::spawn(move || token.cancel());
        timeout(LIMIT, child.cancelled()).await.expect("cancelled");
        assert!(child.is_cancelled());
        thread.join().expect("no panic");
    });
}

#[test]
fn tasks_take_turns_and_see_the_latest_value() {
    run(config(), || async {
        let (count, places) = (Rc::new(Mutex::new(0)), Rc::new(Semaphore::new(2)));
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (count, places) = (count.clone(), places.clone());
                spawn_with_handle(async move {
                    let _place = places.acquire().await.expect("it is open");
                    let mut count = count.lock().await;
                    let before = *count;
                    sleep(Duration::from_micros(100)).await;
                    *count = before + 1;
                })
                .expect("room")
            })
            .collect();
        for task in tasks {
            timeout(LIMIT, task).await.expect("in time").expect("done");
        }
        assert_eq!((*count.lock().await, places.available_permits()), (20, 2));
        let (sender, mut receiver) = watch::channel(0);
        let thread = thread::spawn(move || sender.send(9).expect("a receiver"));
        timeout(LIMIT, receiver.changed()).await.expect("in time").expect("a sender");
        assert_eq!(*receiver.borrow(), 9);
        thread.join().expect("no panic");
    });
}

#[test]
fn a_function_that_blocks_brings_its_value_or_its_panic() {
    run(config(), || async {
        let here = thread::current().id();
        let there = spawn_blocking(move || thread::current().id() != here).expect("begun");
        assert_eq!(timeout(LIMIT, there).await, Ok(true));
        let panics = spawn_blocking(|| -> u8 { panic!("a function of a test") }).expect("begun");
        assert_eq!(timeout(LIMIT, panics.join()).await, Ok(Err(JoinError::Panicked)));
        // Nobody awaits it: it is done all the same.
        let done = Arc::new(Semaphore::new(0));
        let gives = done.clone();
        drop(spawn_blocking(move || gives.add_permits(1)).expect("begun"));
        let _permit = timeout(LIMIT, done.acquire()).await.expect("in time").expect("open");
    });
    let error = spawn_blocking(|| ()).expect_err("no worker");
    assert_eq!(error.kind(), ErrorKind::NotConnected);
}
