//! Every name of the published API is where programs look for it.

#[allow(unused_imports)]
use ringline::{
    AsyncEventHandler, AsyncSendBuilder, Config, ConfigBuilder, ConnCtx, ConnToken, ConnectFuture,
    Deadline, DirectIoCompletion, DirectIoConfig, DirectIoFile, DirectIoOp, DiskIoFuture,
    DriverCtx, Either, Either3, Elapsed, Error, GuardBox, Join, Join3, MAX_GUARDS, MAX_IOVECS,
    MemoryRegion, NvmeCompletion, NvmeConfig, NvmeDevice, ParseResult, RecvBufferConfig,
    RecvReadyFuture, RegionId, RinglineBuilder, Select, Select3, SendFuture, SendGuard, SendPart,
    ShutdownHandle, SleepFuture, TaskId, TimeoutFuture, TimerExhausted, UdpCtx, UdpRecvFuture,
    UdpSendError, UdpToken, WithBytesFuture, WithDataFuture, WorkerConfig,
};
#[allow(unused_imports)]
use ringline::{
    config, connect, connect_with_timeout, direct_io, direct_io_read, direct_io_write, error,
    guard, handler, join, join3, nvme, nvme_read, nvme_write, open_direct_io_file,
    open_nvme_device, request_shutdown, select, select3, sleep, sleep_until, spawn, timeout,
    timeout_at, try_sleep, try_sleep_until, try_timeout, try_timeout_at,
};

#[test]
fn defaults_are_the_published_ones() {
    let config = Config::default();
    assert_eq!((config.sq_entries, config.sqpoll, config.sqpoll_idle_ms), (256, false, 1000));
    assert_eq!(config.sqpoll_cpu, None);
    let RecvBufferConfig { ring_size, buffer_size, bgid } = config.recv_buffer;
    assert_eq!((ring_size, buffer_size, bgid), (256, 16384, 0));
    assert!(config.registered_regions.is_empty() && config.udp_bind.is_empty());
    let WorkerConfig { threads, pin_to_core, core_offset } = config.worker;
    assert_eq!((threads, pin_to_core, core_offset), (0, true, 0));
    assert_eq!((config.backlog, config.max_connections), (1024, 16000));
    assert_eq!((config.send_copy_count, config.send_copy_slot_size), (1024, 16384));
    assert_eq!((config.send_slab_slots, config.recv_accumulator_capacity), (512, 4096));
    assert_eq!((config.flush_interval_us, config.tick_timeout_us), (100, 1000));
    assert_eq!((config.tcp_nodelay, config.max_chain_length), (true, 16));
    assert_eq!((config.standalone_task_capacity, config.timer_slots), (256, 256));
    assert!(config.nvme.is_none() && config.direct_io.is_none());
    config.validate().expect("the defaults are valid");
}

#[test]
fn limits_are_told_by_the_field() {
    let refused = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        match config.validate() {
            Err(Error::ResourceLimit(text)) => text,
            other => panic!("{other:?}"),
        }
    };
    assert!(refused(|config| config.sq_entries = 100).contains("sq_entries"));
    assert!(refused(|config| config.recv_buffer.ring_size = 100).contains("ring_size"));
    assert!(refused(|config| config.max_connections = 0).contains("max_connections"));
    assert!(refused(|config| config.max_connections = 1 << 24).contains("max_connections"));
    assert!(refused(|config| config.timer_slots = 65536).contains("timer_slots"));
}

#[test]
fn outside_a_worker_calls_are_refused() {
    let none = std::io::ErrorKind::NotConnected;
    assert_eq!(spawn(async {}).expect_err("no worker").kind(), none);
    assert_eq!(request_shutdown().expect_err("no worker").kind(), none);
    let to = "127.0.0.1:9".parse().expect("an address");
    assert_eq!(connect(to).expect_err("no worker").kind(), none);
    assert_eq!(connect_with_timeout(to, 5).expect_err("no worker").kind(), none);
}
