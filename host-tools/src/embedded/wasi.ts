// The WASI calls Envoy answers. Files and sockets do not exist; the clocks and the randomness are
// the virtual ones.

import { LogLevel, MAX_RANDOM_BYTES, WasiErrno } from "./abi";
import type { HostFunctions } from "./imports";
import type { WasmVm } from "./wasm-vm";

const MONOTONIC = 1;

export function wasiImports(vm: WasmVm): HostFunctions {
  return { ...refusals(vm), ...environment(vm), ...timeAndRandom(vm), ...output(vm) };
}

function timeAndRandom(vm: WasmVm): HostFunctions {
  const { clock, prng } = vm.process;
  return {
    clock_time_get(id: number, _precision: bigint, at: number) {
      const memory = vm.enter("clock_time_get");
      if (id >>> 0 > MONOTONIC) return WasiErrno.NotSupported;
      if (!memory.has(at >>> 0, 8)) return WasiErrno.Fault;
      if (id === MONOTONIC) clock.writeMonotonic(memory.view, at >>> 0);
      else clock.writeWall(memory.view, at >>> 0);
      return WasiErrno.Success;
    },
    clock_res_get(id: number, at: number) {
      const memory = vm.enter("clock_res_get");
      if (id >>> 0 > MONOTONIC) return WasiErrno.NotSupported;
      if (!memory.has(at >>> 0, 8)) return WasiErrno.Fault;
      memory.view.setBigUint64(at >>> 0, 1n, true);
      return WasiErrno.Success;
    },
    random_get(at: number, size: number) {
      const memory = vm.enter("random_get");
      const start = at >>> 0;
      const bytes = size >>> 0;
      if (bytes > MAX_RANDOM_BYTES) return WasiErrno.Invalid;
      if (bytes === 0) return WasiErrno.Success;
      if (!memory.has(start, bytes)) return WasiErrno.Fault;
      for (let i = 0; i < bytes; i += 4) {
        const word = prng.u32();
        for (let j = 0; j < 4 && i + j < bytes; j++) memory.u8[start + i + j] = word >>> (8 * j);
      }
      return WasiErrno.Success;
    },
  };
}

function environment(vm: WasmVm): HostFunctions {
  const variables = Object.entries(vm.settings.environment).map(([name, value]) =>
    Buffer.from(`${name}=${value}\0`, "utf8"),
  );
  const sizeBytes = variables.reduce((sum, variable) => sum + variable.length, 0);
  const pair = (name: string, first: number, second: number) => (a: number, b: number) => {
    const memory = vm.enter(name);
    return memory.setU32(a >>> 0, first) && memory.setU32(b >>> 0, second)
      ? WasiErrno.Success
      : WasiErrno.Fault;
  };
  return {
    args_sizes_get: pair("args_sizes_get", 0, 0),
    args_get: () => answer(vm, "args_get", WasiErrno.Success),
    environ_sizes_get: pair("environ_sizes_get", variables.length, sizeBytes),
    environ_get(pointers: number, buffer: number) {
      const memory = vm.enter("environ_get");
      let pointerAt = pointers >>> 0;
      let at = buffer >>> 0;
      for (const variable of variables) {
        if (!memory.setU32(pointerAt, at) || !memory.has(at, variable.length)) {
          return WasiErrno.Fault;
        }
        memory.u8.set(variable, at);
        at += variable.length;
        pointerAt += 4;
      }
      return WasiErrno.Success;
    },
  };
}

function output(vm: WasmVm): HostFunctions {
  return {
    fd_write(fd: number, vectors: number, count: number, writtenAt: number) {
      const memory = vm.enter("fd_write");
      if (fd !== 1 && fd !== 2) return WasiErrno.BadFile;
      let text = "";
      let written = 0;
      for (let i = 0; i < count >>> 0; i++) {
        const vector = (vectors >>> 0) + i * 8;
        if (!memory.has(vector, 8)) return WasiErrno.Fault;
        const at = memory.view.getUint32(vector, true);
        const size = memory.view.getUint32(vector + 4, true);
        if (!memory.has(at, size)) return WasiErrno.Fault;
        text += memory.utf8(at, size);
        written += size;
      }
      if (written > 0) {
        vm.logFromGuest(fd === 1 ? LogLevel.info : LogLevel.error, text.replace(/\n$/, ""));
      }
      return memory.setU32(writtenAt >>> 0, written) ? WasiErrno.Success : WasiErrno.Fault;
    },
  };
}

function refusals(vm: WasmVm): HostFunctions {
  const fixed: Record<string, number> = {
    fd_read: WasiErrno.NotImplemented,
    fd_seek: WasiErrno.Success,
    fd_close: WasiErrno.Success,
    fd_fdstat_set_flags: WasiErrno.NotImplemented,
    fd_prestat_get: WasiErrno.BadFile,
    fd_prestat_dir_name: WasiErrno.NotImplemented,
    fd_filestat_get: WasiErrno.BadFile,
    fd_advise: WasiErrno.Success,
    fd_pread: WasiErrno.NotImplemented,
    path_open: WasiErrno.NoEntry,
    path_filestat_get: WasiErrno.NotSupported,
    path_create_directory: WasiErrno.NotSupported,
    path_remove_directory: WasiErrno.NotSupported,
    path_unlink_file: WasiErrno.NotSupported,
    path_rename: WasiErrno.NotSupported,
    sched_yield: WasiErrno.Success,
    // Envoy logs it at trace level and returns: the guest goes on.
    proc_exit: WasiErrno.Success,
  };
  const functions: HostFunctions = {};
  for (const [name, errno] of Object.entries(fixed)) {
    functions[name] = () => answer(vm, name, errno);
  }
  functions.fd_fdstat_get = (fd: number, at: number) => {
    const memory = vm.enter("fd_fdstat_get");
    if (fd !== 1 && fd !== 2) return WasiErrno.BadFile;
    if (memory.has(at >>> 0, 24)) {
      memory.u8.fill(0, at >>> 0, (at >>> 0) + 24);
      memory.u8[(at >>> 0) + 8] = 64;
    }
    return WasiErrno.Success;
  };
  functions.poll_oneoff = (_in: number, _out: number, _count: number, eventsAt: number) =>
    vm.enter("poll_oneoff").setU32(eventsAt >>> 0, 0) ? WasiErrno.Success : WasiErrno.Fault;
  return functions;
}

function answer(vm: WasmVm, name: string, errno: number): number {
  vm.enter(name);
  return errno;
}
