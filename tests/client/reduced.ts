/**
 * A program on a platform without a feature: logs in, refreshes, asks, logs out.
 *
 * Arguments: the script that takes the feature away, the URL of the service, `data` of the answer to a login. Prints what it
 * has seen as JSON.
 */
import { runInThisContext } from 'node:vm'

const [script = '', baseUrl = '', grant = ''] = process.argv.slice(2)
// Node's fetch takes the features for itself when it is first used.
await (await fetch('data:application/json,{}')).json()
const { ReadableStream } = globalThis
runInThisContext(script)
// Node's fetch takes this one each time, so it is missing for the client only.
if (globalThis.ReadableStream === undefined) {
  const isClient = () => new Error().stack?.split('\n')[3]?.includes('/src/client/')
  const get = () => (isClient() ? undefined : ReadableStream)
  Object.defineProperty(globalThis, 'ReadableStream', { get })
}
const { createSession, webStorage } = await import('../../src/client/index.ts')

const seen: unknown[] = []
const session = createSession({
  baseUrl,
  name: 'reduced',
  storage: webStorage(() => localStorage),
  onRefreshed: () => void seen.push('refreshed'),
  onEnded: (reason) => void seen.push(reason),
})
await session.start({ ...JSON.parse(grant), expires_in: 0 })
const me = async () => (await session.fetch(`${baseUrl}/api/auth/me`)).status
seen.push(await me())
seen.push(await me(), session.state.status)
await session.logout()
seen.push(session.state.status)
console.log(JSON.stringify(seen))
process.exit()
