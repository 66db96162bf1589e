import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Certificates (PEM) of an authority of one test's own, in files. */
interface Certificates {
  /** The authority's. */
  readonly caFile: string;
  /** A server's on 127.0.0.1 and localhost: its key and its certificate, in one file. */
  readonly serverFile: string;
  /** A client's: what it shows, its key, and both in one file. */
  client(name: string): { certFile: string; keyFile: string; bothFile: string };
  /** Deletes them. */
  remove(): void;
}

/** Makes an authority, valid for a day, by the openssl of this machine. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'nask-certificates-'));
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = (name: string) => openssl('genpkey', '-algorithm', 'RSA', '-out', `${name}.key`);

  newKey('ca');
  openssl('req', '-x509', '-new', '-key', 'ca.key', '-subj', '/CN=test authority', '-days', '1', '-out', 'ca.crt');

  function sign(name: string, extensions: string) {
    newKey(name);
    openssl('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-out', `${name}.csr`);
    writeFileSync(file(`${name}.ext`), extensions);
    const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '1'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...authority, '-extfile', `${name}.ext`, '-out', `${name}.crt`);
    const both = readFileSync(file(`${name}.key`), 'utf8') + readFileSync(file(`${name}.crt`), 'utf8');
    writeFileSync(file(`${name}.pem`), both);
    return { certFile: file(`${name}.crt`), keyFile: file(`${name}.key`), bothFile: file(`${name}.pem`) };
  }

  const server = sign('server', 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth');
  return {
    caFile: file('ca.crt'),
    serverFile: server.bothFile,
    client: (name) => sign(name, 'extendedKeyUsage=clientAuth'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface GuardedRegistry {
  /** The root of the Confluent API behind the guard. */
  readonly url: string;
  /** How many requests came without the right name and password. */
  refused(): number;
  close(): Promise<void>;
}

/** A registry behind basic authentication, as most are in production: a proxy before one that lets everybody in. */
export async function guardRegistry(
  registryUrl: string,
  { username, password }: { username: string; password: string },
): Promise<GuardedRegistry> {
  const target = new URL(registryUrl);
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  let refused = 0;

  function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    if (incoming.headers.authorization !== expected) {
      refused += 1;
      outgoing.writeHead(401, { 'content-type': 'application/json' });
      outgoing.end('{"error_code":401,"message":"Unauthorized"}');
      return;
    }
    const { method, url: path } = incoming;
    const headers = { ...incoming.headers, host: target.host };
    const passed = request({ host: target.hostname, port: target.port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  }

  const server = createServer(pass);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}`,
    refused: () => refused,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
