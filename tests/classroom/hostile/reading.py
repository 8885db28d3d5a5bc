"""Code that reads, or writes, what is not its own."""

from tests.classroom.hostile.case import case, reading, tampering
from tests.classroom.hostile.submission import FULL

UNSEEN = "Inside there is no network, no file of the teacher's or of another student's, no environment, no other process."


@case(UNSEEN, FULL)
def files_of_the_machine():
    return reading(
        """
        import glob, os
        for top in ('/', '/home', '/root', '/etc', '/tmp', '/work', '/srv', '/var', '/mnt', '/opt', os.path.expanduser('~'), '..', '../..'):
            for folder, _, names in os.walk(top):
                if folder.startswith(('/proc', '/sys', '/usr')):
                    continue
                for name in names[:200]:
                    try:
                        text = open(os.path.join(folder, name), errors='replace').read(100_000)
                        if 'canary' in text:
                            print(folder, name, text)
                    except OSError:
                        pass
        """
    )


@case(UNSEEN, FULL)
def the_environment():
    return reading("""
        import os
        print(dict(os.environ))
        print(open('/proc/self/environ').read())
        print(open('/proc/1/environ').read())
        """)


@case(UNSEEN, FULL)
def other_processes():
    return reading(
        """
        import os
        for entry in os.listdir('/proc'):
            if entry.isdigit():
                for name in ('cmdline', 'environ', 'maps'):
                    try:
                        print(open(f'/proc/{entry}/{name}').read()[:2000])
                    except OSError:
                        pass
        """
    )


@case("Inside there is no network.", FULL)
def the_network():
    return reading(
        """
        import socket
        for address in (('127.0.0.1', PORT), ('1.1.1.1', 53), ('localhost', PORT)):
            try:
                with socket.create_connection(address, timeout=2) as connection:
                    print('connected', connection.recv(100))
            except OSError as error:
                print('no network:', error)
        """
    )


@case("The gradebook cannot be written from inside.", 0)
def the_gradebook_is_written():
    return tampering(
        """
        import glob, os, sqlite3
        for path in ['GRADEBOOK', *glob.glob('/**/gradebook.db', recursive=True), '../../../gradebook.db']:
            try:
                connection = sqlite3.connect(path, timeout=1)
                connection.execute('UPDATE grade SET auto_score = 1000')
                connection.commit()
            except Exception:
                pass
        """
    )


@case("The seed of a student's inputs stays outside.", FULL)
def the_seed():
    return reading("""
        import os
        print({name: value for name, value in os.environ.items() if 'SEED' in name})
        """)
