import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** A server process that does not outlive this one, however this one ends. */
export interface Server {
  readonly pid: number;
  /** The last lines it wrote. */
  output(): string;
  readonly running: boolean;
  signal(signal: NodeJS.Signals): void;
  /** Asks it to end, after `patienceMs` kills it, and resolves when it is gone. */
  end(signal: NodeJS.Signals, patienceMs?: number): Promise<void>;
}

const KEPT_OUTPUT_CHARS = 8_000;

/** Starts a server; resolves once the process exists, which is not yet to say that it is ready. */
export async function startServer(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Server> {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_OUTPUT_CHARS);
    });
  }
  await once(child, 'spawn');
  const pid = child.pid as number;
  const gone = once(child, 'exit');
  void gone.then(endWithUs(pid));
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    output: () => output,
    get running() {
      return running();
    },
    signal: (signal) => {
      child.kill(signal);
    },
    end: async (signal, patienceMs = 10_000) => {
      if (!running()) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await gone;
      clearTimeout(timer);
    },
  };
}

/**
 * Has a process killed when this one ends, however it ends: a shell waits for its input to close.
 * What it gives ends the watch, for when the process is gone.
 */
export function endWithUs(pid: number): () => void {
  if (process.platform === 'win32') return () => undefined;
  const guard = spawn('sh', ['-c', `read _; kill -9 ${pid}`], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return () => guard.kill('SIGKILL');
}

/** Ports nobody listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Whether somebody listens on the port, or it cannot be had for another reason. */
export async function isTaken(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return true;
  }
  await once(server.close(), 'close');
  return false;
}

/** Repeats `attempt` until it resolves, or `timeoutMs` have passed, or `running` says that there is no use. */
export async function eventually<T>(
  attempt: () => Promise<T>,
  timeoutMs: number,
  running: () => boolean = () => true,
): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!running() || Date.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
