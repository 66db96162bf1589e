import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Certificates (PEM) of an authority of one test's own, in files. */
export interface Certificates {
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
