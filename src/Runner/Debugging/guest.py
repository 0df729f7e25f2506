# Read by gdb: gives every module its symbols when the guest loads it, and lets the one at the prompt work in the guest.
import os
import socket

import gdb


def option(name):
    return gdb.convenience_variable("understudy_" + name).string()


lab = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
lab.connect(option("socket"))
files = {}
for path in option("modules").split(":"):
    files.setdefault(os.path.basename(path).split(".")[0].replace("-", "_"), path)
loaded = {}


def sections(module):
    # kernel/module/sysfs.c: struct module_sect_attrs, whose form has changed over time
    attributes = module["sect_attrs"].dereference()
    fields = [field.name for field in attributes.type.fields()]
    if "nsections" in fields:
        each = [attributes["attrs"][i] for i in range(int(attributes["nsections"]))]
        return {one["battr"]["attr"]["name"].string(): int(one["address"]) for one in each}
    found, listed = {}, attributes["grp"]["bin_attrs"]
    while listed.dereference():
        attribute = listed.dereference().dereference()
        found[attribute["attr"]["name"].string()] = int(attribute["private"])
        listed = listed + 1
    return found


def learn(module):
    name = module["name"].string()
    path = files.get(name)
    if path is None:
        return
    places = sections(module)
    # gdb stops at the same breakpoint once more when it has been told of symbols meanwhile
    if loaded.get(name) == places.get(".text"):
        return
    if name in loaded:
        gdb.execute("remove-symbol-file -a 0x%x" % loaded[name], to_string=True)
    more = ["-s %s 0x%x" % place for place in sorted(places.items())
            if place[0] != ".text" and place[0].startswith((".text", ".data", ".rodata", ".bss", ".init.text", ".exit.text"))]
    gdb.execute("add-symbol-file %s 0x%x %s" % (path, places[".text"], " ".join(more)), to_string=True)
    loaded[name] = places[".text"]


class Loading(gdb.Breakpoint):
    """Stops nobody: looks at each module before its init runs."""

    def __init__(self):
        super().__init__("do_init_module", internal=True)
        self.silent = True

    def stop(self):
        learn(gdb.parse_and_eval("mod").dereference())
        return False


class Guest(gdb.Command):
    """guest SCRIPT: run a script in the guest's shell, once the guest runs on; its output comes when it has ended."""

    def __init__(self):
        super().__init__("guest", gdb.COMMAND_USER)

    def invoke(self, argument, from_tty):
        lab.sendall(argument.replace("\n", " ").encode() + b"\n")


def here():
    head = gdb.parse_and_eval("&modules")
    kind = gdb.lookup_type("struct module")
    offset = next(field.bitpos // 8 for field in kind.fields() if field.name == "list")
    node = head["next"]
    while node != head:
        learn((node.cast(gdb.lookup_type("char").pointer()) - offset).cast(kind.pointer()).dereference())
        node = node["next"]


Guest()
try:
    here()
    Loading()
except gdb.error as wrong:
    print("No symbols of modules, for the kernel has no debug information: %s" % wrong)
lab.sendall(b"\n")
