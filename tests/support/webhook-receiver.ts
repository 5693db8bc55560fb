import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { startDelivery } from '../../src/events/deliver.ts'
import type { Service } from './service.ts'

export const WEBHOOK_SECRET = '3e1f90b2c47d5a68f7e0192b3c4d5e6fa8b7c6d5e4f30211'

export interface Received {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read members of all sorts of events
  readonly event: any
}

type Answer = number | 'hang' | 'reset'

/** A real receiver. @param answer what each request gets, 204 without it */
export async function startReceiver(
  t: Pick<TestContext, 'after'>,
  answer: (received: Received, all: readonly Received[]) => Answer = () => 204,
) {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray()
    const body = Buffer.concat(chunks).toString()
    const one = { headers: request.headers as Record<string, string>, body, event: JSON.parse(body) }
    received.push(one)
    const status = answer(one, received)
    if (status === 'reset') request.socket.destroy()
    else if (status !== 'hang') response.writeHead(status, { Location: '/elsewhere' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  return { url, received, types: () => received.map(({ event }) => event.type as string) }
}

/** Delivers for a service, by the system's clock. @returns stops it */
export function deliverFor(t: Pick<TestContext, 'after'>, { core }: Service, url: string) {
  const settings = { webhook: { url, secret: WEBHOOK_SECRET } }
  const stop = startDelivery({ db: core.db, now: Date.now, log: core.log, settings })
  t.after(stop)
  return stop
}
