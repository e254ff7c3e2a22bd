"""Changes to files, for directories that are no longer as somebody wrote them.

A new way to change a file is a function with @text; a new way to replace one is a row
of REPLACED, with % for its path."""

import scripts

PIECES = [b"'", b'"', b'$$', b'/*', b'*/', b'--', b';', b'\\', b'\n', b'\r', b'\x00', b'\xff', b'$a$', b'BEGIN;', b'COMMIT;',
          b'END', b'(', b')', b'\\.\n', b':x', b'${x}', b'\xc3', b'\xf0\x9f\x98\x80', b'\t', b' ' * 70, b'{{', b'\x0b', b'\xc2\xa0']

REPLACED = [
    'rm %; mkdir %', 'rm %; ln -s ../outside %', 'rm %; ln -s nowhere %', 'f=%; rm "$f"; ln -s "${f##*/}" "$f"',
    'rm %; ln -s .. %', 'rm %; mkfifo %', 'chmod 0 %',
]

TEXT = []


def text(change):
    TEXT.append(change)
    return change


def position(random, data):
    return random.randint(0, max(len(data) - 1, 0))


def lines_of(change):
    """A change of lines: gets them and the number of one."""
    def changed(random, data):
        lines = data.split(b'\n')
        change(random, lines, random.randint(0, len(lines) - 1))
        return b'\n'.join(lines)
    return text(changed)


@text
def cut_end(random, data):
    return data[:position(random, data)]


@text
def cut_begin(random, data):
    return data[position(random, data):]


@text
def cut_middle(random, data):
    at = position(random, data)
    return data[:at] + data[at + random.randint(1, 40):]


@text
def another_byte(random, data):
    at = position(random, data)
    return data[:at] + bytes([random.randint(0, 255)]) + data[at + 1:]


@text
def insert_piece(random, data):
    at = position(random, data)
    return data[:at] + random.choice(PIECES) + data[at:]


@text
def insert_token(random, data):
    at = position(random, data)
    return data[:at] + random.choice(scripts.TOKENS).encode() + data[at:]


@text
def twice(random, data):
    return data + data


@text
def other_line_ends(random, data):
    return data.replace(b'\n', random.choice([b'\r\n', b'\r', b'\n\n', b' ']))


@text
def other_case(random, data):
    at = position(random, data)
    return data.swapcase() if random.random() < .3 else data[:at] + data[at:at + 20].swapcase() + data[at + 20:]


@lines_of
def delete_line(random, lines, at):
    del lines[at]


@lines_of
def repeat_line(random, lines, at):
    lines.insert(at, random.choice(lines))


@lines_of
def swap_lines(random, lines, at):
    other = random.randint(0, len(lines) - 1)
    lines[at], lines[other] = lines[other], lines[at]


@lines_of
def insert_comment(random, lines, at):
    lines.insert(at, random.choice(scripts.COMMENTS).encode())


@lines_of
def insert_statement(random, lines, at):
    lines.insert(at, scripts.statement(random).encode() + b';')


@lines_of
def longer_line(random, lines, at):
    lines[at] += random.choice([b' ', b';', b' -- x', b'\r', b'\\'])


@lines_of
def indent_line(random, lines, at):
    lines[at] = b' ' + lines[at]


@lines_of
def shorter_line(random, lines, at):
    lines[at] = lines[at][:len(lines[at]) // 2]


def other_name(random, name):
    folder, _, base = name.rpartition('/')
    base = random.choice([
        base.upper(), base + 'x', 'x' + base, base.replace('_', '-'), base.replace('_', '__'), '0' + base,
        base.replace('.up', ''), base.replace('.sql', '.SQL'), '9' * 30 + base, base.replace('_', ''), '.' + base])
    return (folder + '/' if folder else '') + base[:200]


def change_text(random, data):
    for _ in range(random.choice([1, 1, 2, 5])):
        data = random.choice(TEXT)(random, data)
    return data


def change_folder(random, folder):
    """Changes some files of a folder, most often their text."""
    for _ in range(random.choice([0, 1, 1, 2, 3, 6])):
        if not folder.files or folder.special:
            return
        name = random.choice(sorted(folder.files))
        data, kind = folder.files[name], random.random()
        if kind < .8:
            folder.write(name, change_text(random, data))
        elif kind < .84:
            folder.remove(name)
        elif kind < .91:
            folder.remove(name)
            folder.write(other_name(random, name), data)
        elif kind < .94:
            folder.write(name.replace('.sql', 'b.sql'), data)
        elif kind < .98:
            folder.replace(name, random.choice(REPLACED))
        else:
            folder.write(name, b'')
