//! A channel that holds the latest value alone, for receivers that look when it changed.
//!
//! It is tokio's, of which no runtime is asked.
//!
//! ```
//! # async fn example() {
//! let (sender, mut receiver) = ringline::watch::channel(1);
//! std::thread::spawn(move || sender.send(2));
//! receiver.changed().await.expect("a sender");
//! assert_eq!(*receiver.borrow(), 2);
//! # }
//! ```

// Owns: nothing.

pub use tokio::sync::watch::{Receiver, Ref, Sender, channel, error};
