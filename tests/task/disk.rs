//! Direct I/O and devices.

use crate::common::*;
use crate::files::Folder;
use ringline::direct_io::{self, AlignedBuffer};
use ringline::fs::OpenFlags;
use ringline::*;
use std::future::Future;
use std::io::ErrorKind;
use std::sync::Mutex;

const BLOCK: usize = 4096;

fn with_direct_io() -> Config {
    let mut config = config();
    config.direct_io = Some(DirectIoConfig { max_files: 2, max_commands_in_flight: 2 });
    config
}

fn pattern(len: usize) -> AlignedBuffer {
    let mut buffer = AlignedBuffer::new(len);
    // A prime, so that no two blocks are alike.
    (0..).zip(buffer.iter_mut()).for_each(|(at, byte): (usize, _)| *byte = (at % 251) as u8);
    buffer
}

/// Whether files of this folder can be read past the cache; tells where not.
fn has_direct_io(folder: &Folder) -> bool {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).custom_flags(libc::O_DIRECT);
    let opened = options.open(folder.at("probe"));
    if let Err(error) = &opened {
        println!("skipped: no direct I/O in {:?}: {error}", folder.at(""));
    }
    opened.is_ok()
}

const NEW: OpenFlags = OpenFlags::from_bits(libc::O_RDWR | libc::O_CREAT);

#[test]
fn blocks_are_written_past_the_cache_and_read_back() {
    run(with_direct_io(), || async {
        let folder = Folder::new("direct");
        if !has_direct_io(&folder) {
            return;
        }
        let file = direct_io::open_with(folder.at("a"), NEW, 0o600).expect("opened");
        let written = direct_io::write_from(file, BLOCK as u64, pattern(2 * BLOCK)).expect("begun");
        let (count, buffer) = written.await;
        assert_eq!((count.expect("written"), buffer.len()), (2 * BLOCK, 2 * BLOCK));
        direct_io_fsync(file).expect("begun").await.expect("synced");
        let read = direct_io::read_into(file, BLOCK as u64, AlignedBuffer::new(4 * BLOCK));
        let (count, found) = read.expect("begun").await;
        // The file ends before the buffer does.
        assert_eq!(count.expect("read"), 2 * BLOCK);
        assert!(found[..2 * BLOCK] == buffer[..]);
        assert_eq!(std::fs::read(folder.at("a")).expect("there")[BLOCK..], buffer[..]);
        direct_io::close(file).expect("open");
        let error = direct_io_fsync(file).expect_err("closed");
        assert_eq!(error.kind(), ErrorKind::NotConnected);
    });
}

#[test]
fn the_published_calls_of_direct_io_work_on_memory_of_the_callers() {
    run(with_direct_io(), || async {
        let folder = Folder::new("published");
        if !has_direct_io(&folder) {
            return;
        }
        let path = folder.at("a");
        std::fs::write(&path, [0; BLOCK]).expect("written");
        let file = open_direct_io_file(path.to_str().expect("plain")).expect("opened");
        assert_eq!(file.index(), 0);
        let buffer = pattern(BLOCK);
        let mut found = AlignedBuffer::new(BLOCK);
        // SAFETY: both are awaited.
        unsafe {
            let written = direct_io_write(file, 0, buffer.as_ptr(), BLOCK as u32).expect("begun");
            assert_eq!(written.await.expect("written"), BLOCK as i32);
            let read = direct_io_read(file, 0, found.as_mut_ptr(), BLOCK as u32).expect("begun");
            assert_eq!(read.await.expect("read"), BLOCK as i32);
        }
        assert!(found[..] == buffer[..]);
    });
}

#[test]
fn direct_io_has_its_limits_and_says_so() {
    run(with_direct_io(), || async {
        let folder = Folder::new("direct-limits");
        if !has_direct_io(&folder) {
            return;
        }
        let open = |name| direct_io::open_with(folder.at(name), NEW, 0o600);
        let (one, two) = (open("a").expect("opened"), open("b").expect("opened"));
        assert_eq!(open("c").expect_err("two are open").kind(), ErrorKind::StorageFull);
        direct_io::close(one).expect("open");
        let three = open("c").expect("room");
        assert_ne!(three, one);
        assert!(direct_io_fsync(one).is_err(), "the place is another file's");
        let (first, second) = (direct_io_fsync(two), direct_io_fsync(three));
        let error = direct_io_fsync(two).expect_err("two are under way");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        // They go on, and their files are closed after them.
        direct_io::close(two).expect("open");
        direct_io::close(three).expect("open");
        first.expect("begun").await.expect("synced");
        second.expect("begun").await.expect("synced");
        // The slots of the ring's table are free again.
        for _ in 0..10 {
            direct_io::close(open("a").expect("room")).expect("open");
        }
        let error = open_direct_io_file("/nowhere/at all").expect_err("no such file");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    });
    run(config(), || async {
        let error = open_direct_io_file("never").expect_err("not configured");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    });
    let error = open_direct_io_file("never").expect_err("no worker");
    assert_eq!(error.kind(), ErrorKind::NotConnected);
}

/// Writes, syncs and reads by the synchronous side, one step for each completion.
struct Steps {
    file: Option<DirectIoFile>,
    buffer: AlignedBuffer,
    found: AlignedBuffer,
}

/// The file, and what was heard of.
static STEPS: Mutex<(String, Vec<DirectIoOp>)> = Mutex::new((String::new(), Vec::new()));

impl AsyncEventHandler for Steps {
    fn create_for_worker(_: usize) -> Self {
        Steps { file: None, buffer: pattern(BLOCK), found: AlignedBuffer::new(BLOCK) }
    }

    fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_tick(&mut self, driver: &mut DriverCtx<'_>) {
        if self.file.is_some() {
            return;
        }
        let path = STEPS.lock().expect("no panic").0.clone();
        let file = driver.open_direct_io_file(&path).expect("opened");
        self.file = Some(file);
        // SAFETY: the buffer is the handler's, and stays as it is until the completion.
        let begun = unsafe { driver.direct_io_write(file, 0, self.buffer.as_ptr(), BLOCK as u32) };
        begun.expect("begun");
    }

    fn on_direct_io_complete(&mut self, driver: &mut DriverCtx<'_>, done: DirectIoCompletion) {
        assert!(done.is_success(), "{done:?}");
        STEPS.lock().expect("no panic").1.push(done.op);
        let file = done.file;
        assert_eq!(Some(file), self.file);
        match done.op {
            DirectIoOp::Write => {
                assert_eq!(done.bytes_transferred(), Some(BLOCK as u32));
                let seq = driver.direct_io_fsync(file).expect("begun");
                assert_ne!(seq, done.seq);
            }
            DirectIoOp::Fsync => {
                let at = self.found.as_mut_ptr();
                // SAFETY: the buffer is the handler's, and nobody looks before the completion.
                unsafe { driver.direct_io_read(file, 0, at, BLOCK as u32) }.expect("begun");
            }
            DirectIoOp::Read => {
                assert!(self.found[..] == self.buffer[..]);
                driver.close_direct_io_file(file).expect("open");
                assert!(driver.direct_io_fsync(file).is_err());
                driver.request_shutdown();
            }
        }
    }
}

#[test]
fn the_synchronous_side_hears_of_its_direct_io() {
    let folder = Folder::new("steps");
    if !has_direct_io(&folder) {
        return;
    }
    std::fs::write(folder.at("a"), [0; BLOCK]).expect("written");
    STEPS.lock().expect("no panic").0 = folder.at("a").to_str().expect("plain").into();
    let (_stop, workers) = RinglineBuilder::new(with_direct_io()).launch::<Steps>().expect("ring");
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
    let heard = &STEPS.lock().expect("no panic").1;
    assert_eq!(heard[..], [DirectIoOp::Write, DirectIoOp::Fsync, DirectIoOp::Read]);
}

#[test]
fn what_is_no_device_is_refused() {
    let mut big = config();
    big.nvme = Some(NvmeConfig::default());
    run(big, || async {
        for path in ["/dev/null", "/proc/self/comm"] {
            let error = open_nvme_device(path, 1).expect_err("no device");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{path}: {error}");
        }
        let error = open_nvme_device("/dev/ng99n99", 1).expect_err("no device");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        // What else is done on such a ring works as ever.
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("two sockets");
        let (ours, theirs) = (fs::adopt(ours).expect("room"), fs::adopt(theirs).expect("room"));
        let reading = fs::read_into(ours, 0, bytes::BytesMut::with_capacity(8)).expect("begun");
        fs::write_all(theirs, 0, "hello".into()).await.0.expect("written");
        assert_eq!(reading.await.1, "hello");
    });
    run(config(), || async {
        let error = open_nvme_device("/dev/ng0n1", 1).expect_err("not configured");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    });
}

#[test]
fn a_server_whose_entries_are_long_serves() {
    let mut big = config();
    big.nvme = Some(NvmeConfig::default());
    serve::<Echo>(big, |at| {
        let mut clients: Vec<_> = (0..50).map(|_| client(at)).collect();
        for round in 0..20 {
            for (index, stream) in clients.iter_mut().enumerate() {
                let message = vec![index as u8; 1 + round * 997];
                std::io::Write::write_all(stream, &message).expect("write");
                let mut answer = vec![0; message.len()];
                std::io::Read::read_exact(stream, &mut answer).expect("read");
                assert!(answer == message);
            }
        }
    });
}

/// A file as a disk, as long as this is there.
struct Loop(String);

impl Loop {
    /// None where this machine has no loop devices, or they may not be used; tells why.
    fn new(file: &std::path::Path) -> Option<Loop> {
        let made = std::process::Command::new("losetup")
            .args(["--find", "--show", "--direct-io=on"])
            .arg(file)
            .output();
        match made {
            Ok(made) if made.status.success() => {
                let path = String::from_utf8(made.stdout).expect("a path");
                Some(Loop(path.trim().to_owned()))
            }
            other => {
                println!("skipped: no loop device: {other:?}");
                None
            }
        }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = std::process::Command::new("losetup").args(["--detach", &self.0]).output();
    }
}

#[test]
fn a_disk_is_read_and_written_by_blocks() {
    let folder = Folder::new("loop");
    std::fs::write(folder.at("image"), vec![0; 1 << 20]).expect("written");
    let Some(disk) = Loop::new(&folder.at("image")) else { return };
    let path = disk.0.clone();
    run(with_direct_io(), move || async move {
        let disk = open_direct_io_file(&path).expect("opened");
        let written = direct_io::write_from(disk, 3 * BLOCK as u64, pattern(BLOCK));
        let (count, buffer) = written.expect("begun").await;
        assert_eq!(count.expect("written"), BLOCK);
        direct_io_fsync(disk).expect("begun").await.expect("synced");
        let read = direct_io::read_into(disk, 0, AlignedBuffer::new(8 * BLOCK)).expect("begun");
        let (count, found) = read.await;
        assert_eq!(count.expect("read"), 8 * BLOCK);
        assert!(found[3 * BLOCK..4 * BLOCK] == buffer[..]);
        let read = direct_io::read_into(disk, 100, AlignedBuffer::new(BLOCK)).expect("begun");
        let error = read.await.0.expect_err("no block begins there");
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    });
    drop(disk);
}

/// Commands by the synchronous side, one step for each completion.
struct Commands {
    device: Option<NvmeDevice>,
    found: AlignedBuffer,
    steps: u32,
}

impl AsyncEventHandler for Commands {
    fn create_for_worker(_: usize) -> Self {
        Commands { device: None, found: AlignedBuffer::new(BLOCK), steps: 0 }
    }

    fn on_accept(&self, _: ConnCtx) -> impl Future<Output = ()> + 'static {
        async {}
    }

    fn on_tick(&mut self, driver: &mut DriverCtx<'_>) {
        if self.device.is_none() {
            let device = driver.open_nvme_device(&device().expect("there"), 1).expect("opened");
            self.device = Some(device);
            driver.nvme_flush(device).expect("begun");
        }
    }

    fn on_nvme_complete(&mut self, driver: &mut DriverCtx<'_>, done: NvmeCompletion) {
        self.steps += 1;
        let blocks = (BLOCK as u32 / BLOCKS_ARE) as u16;
        let at = self.found.as_mut_ptr() as u64;
        match self.steps {
            1 => {
                assert!(done.is_success(), "{done:?}");
                driver.nvme_read(done.device, 8, blocks, at, BLOCK as u32).expect("begun");
            }
            2 => {
                assert!(done.is_success() && self.found[..] == pattern(BLOCK)[..], "{done:?}");
                // No device has so many blocks.
                driver.nvme_read(done.device, 1 << 60, 1, at, BLOCKS_ARE).expect("begun");
            }
            _ => {
                assert_eq!(done.result, -libc::EIO);
                driver.close_nvme_device(done.device).expect("open");
                driver.request_shutdown();
            }
        }
    }
}

/// Bytes of a block of the emulated device.
const BLOCKS_ARE: u32 = 512;

/// The device that may be overwritten, in a virtual machine for one; tells where there is none.
fn device() -> Option<String> {
    let named = std::env::var("RINGLINE_NVME").ok();
    if named.is_none() {
        println!("skipped: RINGLINE_NVME names no namespace that may be overwritten");
    }
    named
}

#[test]
fn a_device_is_identified_written_and_read() {
    let Some(path) = device() else { return };
    let mut big = config();
    big.nvme = Some(NvmeConfig { max_devices: 1, max_commands_in_flight: 64 });
    run(big.clone(), move || async move {
        let device = open_nvme_device(&path, 1).expect("opened");
        let error = open_nvme_device(&path, 1).expect_err("one is open");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        let about = nvme::identify(device).expect("identified");
        assert_eq!(about.block_size, BLOCKS_ARE);
        assert!(about.blocks >= 64, "{about:?}");
        let written = nvme::write_from(device, 8, pattern(BLOCK)).expect("begun");
        written.await.0.expect("written");
        nvme_flush(device).expect("begun").await.expect("flushed");
        let (read, found) =
            nvme::read_into(device, 8, AlignedBuffer::new(BLOCK)).expect("begun").await;
        read.expect("read");
        assert!(found[..] == pattern(BLOCK)[..]);
        // Many at a time, each its own blocks.
        let reads: Vec<_> = (0..60u64)
            .map(|at| nvme::write_from(device, 16 + at, block_of(at)).expect("begun"))
            .collect();
        for read in reads {
            read.await.0.expect("written");
        }
        let (read, found) =
            nvme::read_into(device, 16, AlignedBuffer::new(60 * 512)).expect("begun").await;
        read.expect("read");
        assert!((0..60u64).all(|at| found[at as usize * 512..][..512] == block_of(at)[..]));
        let mut buffer = AlignedBuffer::new(512);
        let at = buffer.as_mut_ptr() as u64;
        assert_eq!(nvme_read(device, 8, 1, at, 512).expect("begun").await.expect("read"), 0);
        assert!(buffer[..] == pattern(BLOCK)[..512]);
        let error = nvme_read(device, 1 << 60, 1, at, 512).expect("begun").await.expect_err("far");
        assert!(error.to_string().contains("refused"), "{error}");
        let error = nvme_write(device, 0, 0, at, 512).expect_err("no blocks");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = nvme::read_into(device, 0, AlignedBuffer::new(100)).expect_err("no block");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let zero = nvme::NvmeUringCmd { opcode: 8, cdw10: 8, ..nvme::NvmeUringCmd::flush(1) };
        // SAFETY: Write Zeroes names no memory.
        unsafe { nvme::nvme_command(device, zero) }.expect("begun").await.expect("zeroed");
        assert_eq!(nvme_read(device, 8, 1, at, 512).expect("begun").await.expect("read"), 0);
        assert!(buffer[..] == [0; 512]);
        let written = nvme::write_from(device, 8, pattern(BLOCK)).expect("begun");
        nvme::close(device).expect("open");
        written.await.0.expect("written");
        assert!(nvme_flush(device).is_err(), "closed");
    });
    let (_stop, workers) = RinglineBuilder::new(big).launch::<Commands>().expect("ring");
    for worker in workers {
        worker.join().expect("no panic").expect("no error");
    }
}

fn block_of(number: u64) -> AlignedBuffer {
    let mut block = AlignedBuffer::new(512);
    block.fill(number as u8 + 1);
    block
}
