"""A QEMU machine that never runs: memory of ours, dumps of QEMU's.

The processor stands still from power-on, so memory stays what was loaded. What a running Windows would have done before
the dump is done from outside, through QEMU's own doors: QMP for commands, the gdb stub for control registers, qtest for
memory and ports.
"""
import json
import os
import socket
import struct
import subprocess
import time

MEGABYTE = 1 << 20
CR0_PAGING_PROTECTED, CR4_PAE, CR4_LA57, EFER_LONG_MODE = 0x80000001, 0x20, 0x1000, 0x100


class Guest:
    """`program`: qemu-system-x86_64 or -i386. `image`: a file that lies at physical address 0."""

    def __init__(self, program, machine, image, megabytes, folder):
        self.size = megabytes * MEGABYTE
        self.registers64 = program.endswith('x86_64')
        sockets = [os.path.join(folder, name) for name in ('gdb', 'qtest')]
        for path in sockets:
            if os.path.exists(path):
                os.remove(path)
        self.process = subprocess.Popen(
            [program, '-S', '-nodefaults', '-display', 'none', '-accel', 'tcg', '-m', str(megabytes)] + machine +
            ['-device', 'vmcoreinfo', '-device', f'loader,file={image},addr=0,force-raw=on', '-qmp', 'stdio',
             '-gdb', f'unix:{sockets[0]},server=on,wait=off', '-qtest', f'unix:{sockets[1]},server=on,wait=off',
             '-qtest-log', 'none'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answer()
        self.command('qmp_capabilities')
        self.gdb, self.qtest = (_connect(path) for path in sockets)

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError('QEMU ended')
        return json.loads(line)

    def command(self, name, **arguments):
        """One QMP command; raises with QEMU's words when it refuses."""
        self.process.stdin.write(json.dumps({'execute': name, 'arguments': arguments}) + '\n')
        self.process.stdin.flush()
        answer = self._answer()
        while 'event' in answer:
            answer = self._answer()
        if 'error' in answer:
            raise RuntimeError(f"{name}: {answer['error']['desc']}")
        return answer['return']

    def dump(self, path, paging=False, form='elf'):
        self.command('dump-guest-memory', paging=paging, protocol='file:' + path, format=form)

    def save_raw(self, path):
        self.command('pmemsave', val=0, size=self.size, filename=path)

    def _qtest(self, line):
        self.qtest.sendall(line.encode() + b'\n')
        answer = b''
        while not answer.endswith(b'\n'):
            answer += self.qtest.recv(65536)
        words = answer.decode().split()
        if words[0] != 'OK':
            raise RuntimeError(f'qtest {line[:40]}: {answer.decode()}')
        return words[1:]

    def write(self, address, data):
        self._qtest(f'write {address:#x} {len(data):#x} 0x{data.hex()}')

    def read(self, address, size):
        return bytes.fromhex(self._qtest(f'read {address:#x} {size:#x}')[0][2:])

    def _set_control(self, number, value):
        """Control register by its place in the gdb stub's list: CR0, CR2, CR3, CR4, CR8, EFER."""
        first, form = (27, '<Q') if self.registers64 else (19, '<I')
        packet = f'P{first + number:x}={struct.pack(form, value).hex()}'
        if b'$OK#' not in (answer := self._gdb(packet)):
            raise RuntimeError(f'gdb {packet}: {answer}')

    def _gdb(self, packet):
        self.gdb.sendall(f'${packet}#{sum(packet.encode()) % 256:02x}'.encode())
        answer = b''
        while b'#' not in answer[:-2]:  # two digits of checksum end it
            answer += self.gdb.recv(65536)
        self.gdb.sendall(b'+')
        return answer

    def read_virtual(self, address, size):
        """Through the page tables that CR3 names; empty where nothing is mapped."""
        largest, data = 0x400, b''  # of a packet
        while len(data) < size:
            piece = min(size - len(data), largest)
            answer = self._gdb(f'm{address + len(data):x},{piece:x}').partition(b'$')[2].partition(b'#')[0]
            if answer.startswith(b'E'):
                return b''
            data += bytes.fromhex(answer.decode())
        return data

    def write_virtual(self, address, data):
        if b'$OK#' not in (answer := self._gdb(f'M{address:x},{len(data):x}:{data.hex()}')):
            raise RuntimeError(f'gdb cannot write at {address:#x}: {answer}')

    def turn_paging_on(self, cr3, x64, pae, la57=False):
        """What the dump's notes and its `paging` follow."""
        self._gdb('qXfer:features:read:target.xml:0,ff')  # single registers are for those who read the list of them
        self._set_control(5, EFER_LONG_MODE if x64 else 0)
        levels = CR4_PAE | CR4_LA57 if la57 else CR4_PAE if pae or x64 else 0x10  # without PAE: large pages
        self._set_control(3, levels)
        self._set_control(2, cr3)
        self._set_control(0, CR0_PAGING_PROTECTED)

    def leave_header(self, header, scratch):
        """As the fw_cfg driver of a Windows guest does: the crash dump header, as an ELF note at `scratch`, is told to
        the vmcoreinfo device (docs/specs/vmcoreinfo.rst, docs/specs/fw_cfg.rst). Overwrites 16 KiB from `scratch`."""
        note = struct.pack('<III', 11, len(header), 0) + b'VMCOREINFO\0\0' + header
        request, data, note_at = scratch, scratch + 0x40, scratch + 0x1000
        self.write(note_at, note)
        self._fw_cfg(request, 0x19, 2, data, 4)
        count = struct.unpack('>I', self.read(data, 4))[0]
        self._fw_cfg(request, 0x19, 2, data, 4 + count * 64)
        files = self.read(data + 4, count * 64)
        for i in range(count):
            size, selector, name = struct.unpack('>IH2x56s', files[i * 64:i * 64 + 64])
            if name.rstrip(b'\0') == b'etc/vmcoreinfo':
                self.write(data, struct.pack('<HHIQ', 0, 1, len(note), note_at))
                return self._fw_cfg(request, selector, 0x10, data, size)
        raise RuntimeError('no etc/vmcoreinfo')

    def _fw_cfg(self, request, selector, action, data, size):
        """`action`: 2 reads, 0x10 writes; 8 selects."""
        self.write(request, struct.pack('>IIQ', selector << 16 | 8 | action, size, data))
        swapped = [struct.unpack('<I', struct.pack('>I', part))[0] for part in (request >> 32, request & 0xFFFFFFFF)]
        self._qtest(f'outl 0x514 {swapped[0]:#x}')
        self._qtest(f'outl 0x518 {swapped[1]:#x}')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gdb.close()
        self.qtest.close()
        self.process.terminate()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def _connect(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(60)
    for _ in range(100):  # QEMU opens it before it answers QMP; a loaded machine may still be slow
        try:
            connection.connect(path)
            return connection
        except OSError:
            time.sleep(0.1)
    raise RuntimeError('no connection to ' + path)
