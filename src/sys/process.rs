//! Child processes and signals, as far as a worker needs them outside a ring.
//!
//! Owns: nothing. A child starts with no signal blocked and with the defaults for those that a
//! parent commonly ignores; its three streams are sockets, so that they can be connections.

use super::{errno, errno_of};
use core::ffi::{CStr, c_char};
use core::mem::MaybeUninit;
use core::ptr::null;
use socket2::{Domain, Socket, Type};
use std::ffi::CString;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// What a stream of a child is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stream {
    /// The parent's.
    #[default]
    Inherited,
    /// The other end of a socket.
    Piped,
    /// /dev/null.
    Null,
}

/// What to start.
#[derive(Debug)]
pub struct Plan {
    /// The program and its arguments; without a slash it is looked for in PATH.
    pub argv: Vec<CString>,
    /// Its environment; None = the parent's.
    pub env: Option<Vec<CString>>,
    /// Where it starts; None = where the parent is.
    pub cwd: Option<CString>,
    /// Its input, output and errors.
    pub streams: [Stream; 3],
}

/// A child that runs.
#[derive(Debug)]
pub struct Child {
    /// Its number.
    pub pid: i32,
    /// Readable when it ended.
    pub pidfd: OwnedFd,
    /// Our ends.
    pub streams: [Option<OwnedFd>; 3],
}

unsafe extern "C" {
    static environ: *const *const c_char;
}

fn owned(fd: i32) -> Result<OwnedFd, i32> {
    // SAFETY: just made, and nobody else's.
    if fd < 0 { Err(errno()) } else { Ok(unsafe { OwnedFd::from_raw_fd(fd) }) }
}

/// Beyond the numbers that the child's streams get, or one would replace the other.
fn beyond(fd: OwnedFd) -> Result<OwnedFd, i32> {
    if fd.as_raw_fd() > 2 {
        return Ok(fd);
    }
    // SAFETY: fcntl touches no memory here.
    owned(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 3) })
}

/// Our end and the child's.
fn pair() -> Result<(OwnedFd, OwnedFd), i32> {
    let (ours, theirs) = Socket::pair(Domain::UNIX, Type::STREAM, None).map_err(errno_of)?;
    Ok((ours.into(), beyond(theirs.into())?))
}

fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    texts.iter().map(|text| text.as_ptr()).chain([null()]).collect()
}

/// What posix_spawn(3) needs, given back when dropped.
struct Recipe {
    actions: libc::posix_spawn_file_actions_t,
    attributes: libc::posix_spawnattr_t,
}

impl Recipe {
    fn new() -> Recipe {
        let (mut actions, mut attributes) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: two objects to be made; signal sets of this stack.
        unsafe {
            libc::posix_spawn_file_actions_init(actions.as_mut_ptr());
            libc::posix_spawnattr_init(attributes.as_mut_ptr());
            let mut set: libc::sigset_t = core::mem::zeroed();
            libc::sigemptyset(&mut set);
            libc::posix_spawnattr_setsigmask(attributes.as_mut_ptr(), &set);
            libc::sigaddset(&mut set, libc::SIGPIPE);
            libc::posix_spawnattr_setsigdefault(attributes.as_mut_ptr(), &set);
            let flags = libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
            libc::posix_spawnattr_setflags(attributes.as_mut_ptr(), flags as i16);
            Recipe { actions: actions.assume_init(), attributes: attributes.assume_init() }
        }
    }

    fn give(&mut self, fd: i32, as_fd: i32) -> Result<(), i32> {
        // SAFETY: made in `new`.
        match unsafe { libc::posix_spawn_file_actions_adddup2(&mut self.actions, fd, as_fd) } {
            0 => Ok(()),
            errno => Err(errno),
        }
    }

    fn start_in(&mut self, cwd: &CStr) -> Result<(), i32> {
        // SAFETY: made in `new`; the path is copied.
        let code =
            unsafe { libc::posix_spawn_file_actions_addchdir_np(&mut self.actions, cwd.as_ptr()) };
        if code == 0 { Ok(()) } else { Err(code) }
    }
}

impl Drop for Recipe {
    fn drop(&mut self) {
        // SAFETY: made in `new`, and not used any more.
        unsafe {
            libc::posix_spawn_file_actions_destroy(&mut self.actions);
            libc::posix_spawnattr_destroy(&mut self.attributes);
        }
    }
}

/// Start a child. Waits until the program runs, or could not be.
pub fn spawn(plan: &Plan) -> Result<Child, i32> {
    let mut recipe = Recipe::new();
    let mut streams = [None, None, None];
    let mut theirs = Vec::new();
    for (at, stream) in plan.streams.iter().enumerate() {
        let end = match stream {
            Stream::Inherited => continue,
            Stream::Piped => {
                let (ours, end) = pair()?;
                streams[at] = Some(ours);
                end
            }
            Stream::Null => {
                // SAFETY: a terminated path.
                let fd =
                    unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) };
                beyond(owned(fd)?)?
            }
        };
        recipe.give(end.as_raw_fd(), at as i32)?;
        theirs.push(end);
    }
    if let Some(cwd) = &plan.cwd {
        recipe.start_in(cwd)?;
    }
    let argv = pointers(&plan.argv);
    let env = plan.env.as_deref().map(pointers);
    // SAFETY: a pointer of libc's; whoever changes the environment meanwhile breaks its rules.
    let envp = env.as_ref().map_or(unsafe { environ }, |env| env.as_ptr());
    let mut pid = 0;
    // SAFETY: lists that end with NULL, and the recipe.
    let code = unsafe {
        libc::posix_spawnp(
            &mut pid,
            argv[0],
            &recipe.actions,
            &recipe.attributes,
            argv.as_ptr().cast(),
            envp.cast(),
        )
    };
    if code != 0 {
        return Err(code);
    }
    // SAFETY: no memory; nobody has waited for the child, so the number is still its own.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) } as i32;
    match owned(fd) {
        Ok(pidfd) => Ok(Child { pid, pidfd, streams }),
        Err(errno) => {
            // SAFETY: our own child; no status is asked for.
            unsafe {
                libc::kill(pid, libc::SIGKILL);
                libc::waitpid(pid, core::ptr::null_mut(), 0);
            }
            Err(errno)
        }
    }
}

/// How a child ended: its code, or -signal. None: it runs still. The errno where nobody knows.
pub fn reap(pidfd: &OwnedFd) -> Result<Option<i32>, i32> {
    // SAFETY: all-zero is a valid siginfo.
    let mut info: libc::siginfo_t = unsafe { core::mem::zeroed() };
    let id = pidfd.as_raw_fd() as libc::id_t;
    // SAFETY: room for a siginfo.
    if unsafe { libc::waitid(libc::P_PIDFD, id, &mut info, libc::WEXITED | libc::WNOHANG) } < 0 {
        return Err(errno());
    }
    // SAFETY: waitid filled it, or left it zero.
    let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
    Ok((pid != 0).then_some(if info.si_code == libc::CLD_EXITED { status } else { -status }))
}

/// Kill a child and wait for its end.
pub fn end_child(pidfd: &OwnedFd) {
    signal_child(pidfd, libc::SIGKILL);
    // SAFETY: all-zero is a valid siginfo.
    let mut info: libc::siginfo_t = unsafe { core::mem::zeroed() };
    let id = pidfd.as_raw_fd() as libc::id_t;
    // SAFETY: room for a siginfo. An error says that somebody else waited for it.
    while unsafe { libc::waitid(libc::P_PIDFD, id, &mut info, libc::WEXITED) } < 0
        && errno() == libc::EINTR
    {}
}

/// Send a signal to a child; 0 or an errno.
pub fn signal_child(pidfd: &OwnedFd, signo: i32) -> i32 {
    let no_info = null::<libc::siginfo_t>();
    let fd = pidfd.as_raw_fd();
    // SAFETY: no memory is touched without an info.
    match unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signo, no_info, 0) } {
        0 => 0,
        _ => errno(),
    }
}

/// A set of signals, of which a descriptor tells.
#[derive(Clone, Copy)]
pub struct Signals(libc::sigset_t);

impl Default for Signals {
    fn default() -> Signals {
        // SAFETY: all-zero is the empty set.
        Signals(unsafe { core::mem::zeroed() })
    }
}

impl Signals {
    /// Whether `signo` is in it.
    pub fn has(&self, signo: i32) -> bool {
        // SAFETY: a set.
        unsafe { libc::sigismember(&self.0, signo) == 1 }
    }

    /// This and `signo`, or without it; None when that is no signal.
    pub fn with(mut self, signo: i32, is_in: bool) -> Option<Signals> {
        // SAFETY: a set.
        let code = unsafe {
            if is_in {
                libc::sigaddset(&mut self.0, signo)
            } else {
                libc::sigdelset(&mut self.0, signo)
            }
        };
        (code == 0).then_some(self)
    }

    /// The signals that the calling thread blocks.
    pub fn blocked() -> Signals {
        let mut set = Signals::default();
        // SAFETY: room for a set.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, null(), &mut set.0) };
        set
    }

    /// A descriptor that tells of these, or `fd` changed to do so.
    pub fn descriptor(&self, fd: Option<&OwnedFd>) -> Result<Option<OwnedFd>, i32> {
        let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
        let before = fd.map_or(-1, AsRawFd::as_raw_fd);
        // SAFETY: a set.
        let made = unsafe { libc::signalfd(before, &self.0, flags) };
        match (made, before) {
            (..0, _) => Err(errno()),
            (_, 0..) => Ok(None),
            _ => owned(made).map(Some),
        }
    }
}

/// A signal that came: its number and who sent it.
pub fn next_signal(fd: &OwnedFd) -> Option<(i32, i32)> {
    let mut info = MaybeUninit::<libc::signalfd_siginfo>::uninit();
    let size = size_of::<libc::signalfd_siginfo>();
    // SAFETY: room for one.
    let got = unsafe { libc::read(fd.as_raw_fd(), info.as_mut_ptr().cast(), size) };
    if got != size as isize {
        return None;
    }
    // SAFETY: the kernel filled it.
    let info = unsafe { info.assume_init() };
    Some((info.ssi_signo as i32, info.ssi_pid as i32))
}
