"""The program, loaded once and forked for each command.

A short command spends most of its time on loading. A fork is a process of its own, with arguments, environment, folder,
standard streams and exit code as if it had been started; only the loaded modules are shared. How the program is loaded
is proven where it is started: by `test_program.py`, and by everything that serves, works in the cluster or is told
signals.

Run as a program, `forks.py FD` is the loaded one: it forks for each connection to the socket that it inherited.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

LENGTH = struct.Struct("!I")
NUMBER = struct.Struct("!i")
STREAMS = 3
SECONDS = 60
LOADING = threading.Lock()


def run(
    arguments: Sequence[str | bytes], given: bytes, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end, as `subprocess.run` would with `python -m webapp`.

    Raises:
        subprocess.TimeoutExpired: It was killed after a minute.
    """
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        stdin.write(given)
        stdin.seek(0)
        code = ended(arguments, environment, [stream.fileno() for stream in (stdin, out, err)])
        for stream in (out, err):
            stream.seek(0)
        return subprocess.CompletedProcess(list(arguments), code, out.read(), err.read())


def ended(arguments: Sequence[str | bytes], environment: Mapping[str, str], streams: Sequence[int]) -> int:
    """Ask for a fork and return its exit code, negative for the signal that ended it."""
    words = [os.fsdecode(word) for word in arguments]
    asked = json.dumps([words, dict(environment), str(Path.cwd())]).encode()
    with LOADING:
        place = loaded()
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(place)
        socket.send_fds(door, [LENGTH.pack(len(asked))], streams)
        door.sendall(asked)
        (process,) = NUMBER.unpack(exactly(door, NUMBER.size))
        door.settimeout(SECONDS)
        try:
            return NUMBER.unpack(exactly(door, NUMBER.size))[0]
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired(words, SECONDS) from None


def exactly(door: socket.socket, size: int) -> bytes:
    """Read so many bytes."""
    data = b""
    while len(data) < size:
        more = door.recv(size - len(data))
        assert more, "the other side has ended"
        data += more
    return data


@functools.cache
def loaded() -> str:
    """Load the program, once for this process, and return where it is asked."""
    from servers.runs import Run  # noqa: PLC0415  the loaded program needs nothing of the tests

    run = Run.current()
    place = str(run.folder / f"forks-{os.getpid()}")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(place)
        door.listen(64)
        read, _ = os.pipe()  # its other end stays open as long as this process lives: so the loaded one knows its end
        process = subprocess.Popen(
            [sys.executable, __file__, str(door.fileno())],
            pass_fds=[door.fileno()],
            stdin=read,
            env={**os.environ, "PYTHONWARNINGS": "error"},
        )
        os.close(read)
    run.record(process.pid)
    process.returncode = 0  # belongs to the run from here on, not to this object
    return place


# The loaded program


def main() -> None:
    """Fork for each connection, until whoever started this is gone."""
    import webapp.core  # noqa: PLC0415  see above

    door = socket.socket(fileno=int(sys.argv[1]))
    for module in pkgutil.walk_packages(webapp.core.__path__, "webapp.core."):
        importlib.import_module(module.name)
    importlib.import_module("webapp.commands")
    gc.freeze()  # what is never looked at is never copied
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who look after a command
    while sys.stdin not in select.select([door, sys.stdin], [], [])[0]:
        asking, _ = door.accept()
        if os.fork() == 0:
            door.close()
            look_after(asking)
            return
        asking.close()


def look_after(asking: socket.socket) -> None:
    """Fork once more for the command itself and tell how it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, streams, _, _ = socket.recv_fds(asking, LENGTH.size, STREAMS)
    words, environment, folder = json.loads(exactly(asking, *LENGTH.unpack(length)))
    child = os.fork()
    if child == 0:
        asking.close()
        become(words, environment, folder, streams)
    asking.sendall(NUMBER.pack(child))
    _, status = os.waitpid(child, 0)
    asking.sendall(NUMBER.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def become(words: Sequence[str], environment: Mapping[str, str], folder: str, streams: Sequence[int]) -> None:
    """Be the command, up to its exit."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = (open(number, mode, closefd=False) for number, mode in enumerate("rww"))  # noqa: SIM115
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = words
    runpy.run_module("webapp", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
