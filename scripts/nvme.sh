#!/bin/sh
# Tests commands to NVMe devices on an emulated one: boots a kernel with its driver in a virtual
# machine, in which the Rust API's test program runs. Its last line counts, as that of Rust's test
# runner does.
#
#   scripts/nvme.sh
#
# RINGLINE_TOOLCHAINS names where emulator and kernel are kept (default /opt/ringline-toolchains),
# as scripts/toolchain-*.sh keep theirs: Debian's packages, unpacked and never installed. The
# machine is emulated in software, so that it runs everywhere; what cannot be had is a skip.
set -eu
cd "$(dirname "$0")/.."

tool=nvme
remedy="only the tests of NVMe need it"
suite=trixie

skip() {
    echo "nvme: skipped: $*"
    echo "nvme: 0 passed, 0 failed, 1 ignored"
    exit 0
}

[ "$(uname -m)" = x86_64 ] || skip "the machine that is emulated is an x86_64"
for command in apt-get dpkg-deb flock xz gzip; do
    command -v "$command" >/dev/null 2>&1 || skip "no $command here"
done

# Emulator, kernel and a shell, once.
install() {
    . scripts/debian.sh
    mkdir -p "$prefix" 2>/dev/null || fail "cannot write $prefix: set RINGLINE_TOOLCHAINS"
    exec 9>"$prefix/vm.lock"
    flock 9
    [ ! -f "$prefix/vm/stamp" ] || return 0
    new=$prefix/vm.new
    rm -rf "$prefix/vm" "$new"
    download $suite "$new/emulator" --with-dependencies qemu-system-x86
    download $suite "$new/kernel" linux-image-amd64 busybox-static
    image=$(dpkg-deb -f "$new"/kernel/out/linux-image-amd64_*.deb Depends | sed 's/ .*//')
    download $suite "$new/kernel" "$image"
    mkdir -p "$new/tree" "$new/linux" "$new/modules"
    for package in "$new"/emulator/out/*.deb "$new"/kernel/out/busybox*.deb; do
        dpkg-deb -x "$package" "$new/tree"
    done
    dpkg-deb -x "$new/kernel/out/$image"_*.deb "$new/linux"
    cp "$new"/linux/boot/vmlinuz-* "$new/vmlinuz"
    for module in common/nvme-keyring common/nvme-auth host/nvme-core host/nvme; do
        found=$(find "$new/linux" -path "*/drivers/nvme/$module.ko.xz")
        xz -dc "$found" >"$new/modules/${module#*/}.ko"
    done
    rm -rf "$new/emulator" "$new/kernel" "$new/linux"
    mv "$new" "$prefix/vm"
    touch "$prefix/vm/stamp"
}

prefix=${RINGLINE_TOOLCHAINS:-/opt/ringline-toolchains}
(install) || skip "no emulator or kernel could be had"
vm=$prefix/vm

program=$(cargo test --quiet --profile fast --features capi,cli,tls --test task --no-run \
    --message-format=json |
    sed -n 's/.*"executable":"\([^"]*\/task-[^"]*\)".*/\1/p' | tail -n 1)
[ -x "$program" ] || { echo "nvme: the tests do not build" >&2; exit 1; }

work=target/nvme
root=$work/root
rm -rf "$work"
mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/modules"
cp "$vm/tree/usr/bin/busybox" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
cp "$vm"/modules/*.ko "$root/modules"
cp "$program" "$root/bin/tests"
ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done
cat >"$root/init" <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc none /proc; mount -t sysfs none /sys
mount -t devtmpfs none /dev; mount -t tmpfs none /tmp
ip link set lo up
for module in nvme-keyring nvme-auth nvme-core nvme; do insmod /modules/$module.ko; done
# The driver looks for its devices by itself, after it was loaded.
tries=0
until [ -e /dev/ng0n1 ] || [ $tries -ge 100 ]; do tries=$((tries + 1)); sleep 0.1; done
RINGLINE_NVME=/dev/ng0n1 RUST_BACKTRACE=1 /bin/tests --test-threads=1 disk::
poweroff -f
END
chmod +x "$root/init"
(cd "$root" && find . | ./bin/busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$work/initrd.gz"
truncate -s 64M "$work/disk"

libraries=$vm/tree/usr/lib/x86_64-linux-gnu
timeout 300 "$vm/tree/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries" \
    "$vm/tree/usr/bin/qemu-system-x86_64" -L "$vm/tree/usr/share/qemu" \
    -L "$vm/tree/usr/share/seabios" -accel tcg -cpu max -m 512 -smp 1 -no-reboot -nodefaults \
    -display none -vga none -serial stdio -kernel "$vm/vmlinuz" -initrd "$work/initrd.gz" \
    -append "console=ttyS0 panic=-1 quiet" -drive "file=$work/disk,if=none,id=disk,format=raw" \
    -device nvme,drive=disk,serial=ringline </dev/null >"$work/log" 2>&1 ||
    echo "nvme: the emulator answers $?"
# What a serial line adds to each line goes.
tr -d '\r' <"$work/log" | sed -n '/^test disk/p; /panicked/p'
counts='s/^test result: .* \([0-9]* passed\); \([0-9]* failed\).*/\1, \2/p'
result=$(tr -d '\r' <"$work/log" | sed -n "$counts")
[ -n "$result" ] || { tail -n 20 "$work/log" >&2; result="0 passed, 1 failed"; }
grep -aq '^test disk::a_device_is_identified.* ok' "$work/log" || result="0 passed, 1 failed"
echo "nvme: $result, 0 ignored"
case $result in *", 0 failed") ;; *) exit 1 ;; esac
