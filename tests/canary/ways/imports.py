"""Import: files of other tools with secrets in them, whole and broken, on the page and on the command line."""

from __future__ import annotations

from canary.house import House

from webapp.core.rclone.obscure import obscure

BASE = "/cloud-credentials/import"


def rclone_conf(house: House, way: str) -> bytes:
    """Return a configuration whose secrets are canaries."""
    mint = house.canaries.mint
    return (
        f"[dav {way}]\ntype = webdav\nurl = https://h/\nvendor = other\nuser = u\n"
        f"pass = {obscure(mint(f'an obscured password, {way}'))}\n"
        f"[s3 {way}]\ntype = s3\nprovider = Other\naccess_key_id = a\nendpoint = https://h\n"
        f"secret_access_key = {mint(f'a secret of S3, {way}')}\n"
        f"[odd {way}]\ntype = sftp\nhost = h\nuser = u\nkey_pem = {mint(f'a broken key, {way}')}\n"
        f"[gone {way}]\ntype = no-such-type\npass = {mint(f'a type that is not known, {way}')}\n"
    ).encode()


def files_on_the_page(house: House) -> None:
    """Look at a file and import it; send broken ones."""
    whole = rclone_conf(house, "page")
    aws = f"[default]\naws_access_key_id = a\naws_secret_access_key = {house.canaries.mint('an AWS file')}\n".encode()
    restic = (
        f"RESTIC_REPOSITORY=s3:https://h/b\nRESTIC_PASSWORD={house.canaries.mint('a repository in a file')}\n"
        f"AWS_ACCESS_KEY_ID=a\nAWS_SECRET_ACCESS_KEY={house.canaries.mint('a restic file')}\n"
    ).encode()
    broken = f"[a\npass = {house.canaries.mint('a broken file')}".encode()
    for content in (whole, aws, restic, broken):
        page = house.send(BASE, {"action": "preview"}, fragment=True, files={"file": ("rclone.conf", content)})
        draft = house_draft(page.text)
        if draft:
            house.send(BASE, {"action": "import", "draft": draft})
    for name in ("tar", "db"):
        content = b"SQLite format 3\0" + house.canaries.mint(f"a broken {name}").encode()
        house.send(BASE, {"action": "preview"}, files={"file": (f"freenas.{name}", content)})


def house_draft(text: str) -> str:
    """Return the name of the draft in a preview."""
    return text.partition('name="draft" value="')[2].partition('"')[0]


def files_on_the_command_line(house: House) -> None:
    """Preview, import, and be refused."""
    file = house.program.folder.parent / "given.conf"
    file.write_bytes(rclone_conf(house, "command"))
    house.run("import", str(file), "--dry-run")
    house.run("import", str(file))
    file.write_bytes(f"[a\npass = {house.canaries.mint('a broken file, command')}".encode())
    house.run("import", str(file))
    file.unlink()


WAYS = (files_on_the_page, files_on_the_command_line)
