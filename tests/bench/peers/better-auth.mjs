/** Its sessions are not rotated but prolonged, which it does at each request when it is told to. */
import { createHmac, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { openDatabase, port, writeTokens } from './shared.mjs'

const USERS = 100

const database = openDatabase()
const secret = randomBytes(32).toString('base64')
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret,
  database,
  session: { updateAge: 0 },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
})
const { runMigrations } = await getMigrations(auth.options)
await runMigrations()

const { internalAdapter, authCookies } = await auth.$context
const users = []
for (let index = 0; index < USERS; index++) {
  users.push(await internalAdapter.createUser({ name: `user ${index}`, email: `user-${index}@example.com` }))
}
await writeTokens(database, async (index) => {
  const { token } = await internalAdapter.createSession(users[index % USERS].id)
  const signature = createHmac('sha256', secret).update(token).digest('base64')
  return `${authCookies.sessionToken.name}=${encodeURIComponent(`${token}.${signature}`)}`
})
createServer(toNodeHandler(auth)).listen(port, '127.0.0.1')
