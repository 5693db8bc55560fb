/** A service behind TLS whose tokens have all claims of RFC 9068, as the examples of `docs/access-tokens.md` expect them. */
import { request } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { StartOptions, startSigning } from '../keys/service.ts'
import { LOCALHOST } from '../support/certificate.ts'
import type { Cleanup } from '../support/cleanup.ts'
import type { Clock, Service } from '../support/service.ts'
import { startService } from '../support/service.ts'

export const ISSUER = 'https://auth.example.com'
export const AUDIENCE = 'https://api.example.com'

export type Algorithm = Parameters<typeof startSigning>[1]

export interface Issuer {
  readonly service: Service
  /** Its `PUBLIC_URL`: that of the proxy before it */
  readonly publicUrl: string
}

/** @param publicUrl of another one, whose tokens it forges */
export async function startIssuer(
  t: Cleanup,
  accessTokenAlgorithm: Algorithm,
  clock: Clock,
  { settings, secrets }: Omit<StartOptions, 'beside'> = {},
): Promise<Issuer> {
  const front = await startFront(t)
  const publicUrl = settings?.publicUrl ?? front.url
  const claims = { publicUrl, issuer: publicUrl, audience: AUDIENCE, clientId: 'app' }
  const all = { accessTokenAlgorithm, ...claims, ...settings }
  const service = await startService(t, all, clock, 'sqlite', secrets)
  front.before(service.url)
  return { service, publicUrl }
}

/** A proxy that ends TLS, as there is one before every service. */
async function startFront(t: Cleanup) {
  let target = ''
  const server = createServer(LOCALHOST, ({ method, url, headers }, response) => {
    request(target + url, { method, headers }, (answer) => {
      response.writeHead(Number(answer.statusCode), answer.headers)
      answer.pipe(response)
    }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    before(url: string) {
      target = url
    },
  }
}

/** Lets this process trust the certificate of the proxy. */
export const trustFront = (): void => setDefaultCACertificates([...getCACertificates(), LOCALHOST.cert])
