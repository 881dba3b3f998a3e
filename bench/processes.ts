/**
 * Memory, processor time and bytes read of a browser's processes, by what they are for, from /proc (Linux only). A
 * browser is found by its profile's folder, the other processes below it.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** The page with its workers; the software GPU; the browser itself, which reads files for pages; all others. */
export type Role = 'page' | 'gpu' | 'browser' | 'others';

export interface RoleUse {
  /** Most that was seen at once: memory of its own, and its share of what several processes hold (PSS). */
  peakBytes: number;
  processorSeconds: number;
  /** By `read` and `pread`, from the system's cache or the disk. */
  bytesRead: number;
}

export type Use = Record<Role, RoleUse>;

interface Process {
  pid: number;
  parent: number;
  command: string;
}

const read = (path: string) => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It has ended meanwhile.
    return '';
  }
};

function allProcesses(): Process[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => ({
    pid: Number(pid),
    parent: Number(/^PPid:\s*(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0),
    command: read(`/proc/${pid}/cmdline`),
  }));
}

function browserProcesses(profile: string): Process[] {
  const all = allProcesses();
  const own = all.filter(
    ({ command }) => command.includes(`--user-data-dir=${profile}`) && !command.includes('--type='),
  );
  for (const { pid } of own) own.push(...all.filter((child) => child.parent === pid && !own.includes(child)));
  return own;
}

const TICKS_A_SECOND = 100;

function useOf(pid: number): RoleUse {
  const pss = /^Pss:\s*(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0;
  // The name in brackets may hold spaces; user and system time are the fields 14 and 15.
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)!.split(' ');
  return {
    peakBytes: 1024 * Number(pss),
    processorSeconds: (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_A_SECOND,
    bytesRead: Number(/^rchar: (\d+)/m.exec(read(`/proc/${pid}/io`))?.[1] ?? 0),
  };
}

function roleOf({ pid, command }: Process, page: number): Role {
  const type = /--type=([a-z-]+)/.exec(command)?.[1];
  if (pid === page) return 'page';
  if (type === undefined) return 'browser';
  return type === 'gpu-process' ? 'gpu' : 'others';
}

const nothing = (): Use => {
  const none = () => ({ peakBytes: 0, processorSeconds: 0, bytesRead: 0 });
  return { page: none(), gpu: none(), browser: none(), others: none() };
};

const ROLES = Object.keys(nothing()) as Role[];

/** Watches until `stop`. `mark` gives what was used since the mark before, with the peaks between. */
export function watchProcesses(profile: string, everyMs = 500) {
  let peaks = nothing();
  /** What each process has used so far; of one that has ended, at the last look. */
  const counted = new Map<number, { role: Role; use: RoleUse }>();
  let before = nothing();

  function sample(): void {
    const now = nothing();
    const found = browserProcesses(profile).map((process) => ({ process, use: useOf(process.pid) }));
    // The page's renderer is the largest; others wait for a page, or are the browser's own.
    const renderers = found.filter(({ process }) => process.command.includes('--type=renderer'));
    const page = renderers.sort((a, b) => b.use.peakBytes - a.use.peakBytes)[0]?.process.pid ?? -1;
    for (const { process, use } of found) {
      const role = roleOf(process, page);
      now[role].peakBytes += use.peakBytes;
      counted.set(process.pid, { role, use });
    }
    for (const role of ROLES) peaks[role].peakBytes = Math.max(peaks[role].peakBytes, now[role].peakBytes);
  }

  const timer = setInterval(sample, everyMs);
  return {
    mark(): Use {
      sample();
      const sums = nothing();
      for (const { role, use } of counted.values()) {
        sums[role].processorSeconds += use.processorSeconds;
        sums[role].bytesRead += use.bytesRead;
      }
      const use = peaks;
      for (const role of ROLES) {
        use[role].processorSeconds = sums[role].processorSeconds - before[role].processorSeconds;
        use[role].bytesRead = sums[role].bytesRead - before[role].bytesRead;
      }
      before = sums;
      peaks = nothing();
      return use;
    },
    stop: () => clearInterval(timer),
  };
}
