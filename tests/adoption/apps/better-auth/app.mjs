/** An application with better-auth and its plugin for JWTs, which are signed with a key pair that it publishes. */
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { toNodeHandler } from 'better-auth/node'
import { jwt } from 'better-auth/plugins'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const PASSWORD = 'correct horse battery staple'
const server = createServer()
await new Promise((done) => server.listen(0, '127.0.0.1', done))
const url = `http://127.0.0.1:${server.address().port}`
const tables = { user: [], session: [], account: [], verification: [], jwks: [] }
const auth = betterAuth({
  baseURL: url,
  secret: process.argv[2].padEnd(32, '-'),
  database: memoryAdapter(tables),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [jwt()],
})
const users = {}
for (const name of ['ada', 'grace', 'barbara']) {
  const { user } = await auth.api.signUpEmail({
    body: { name, email: `${name}@example.com`, password: PASSWORD },
  })
  users[name] = user.id
}

/** Logs in and asks for the JWT, as better-auth's client does. */
async function logIn(username) {
  const body = { email: `${username}@example.com`, password: PASSWORD }
  const { headers } = await auth.api.signInEmail({ body, returnHeaders: true })
  const cookie = headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const { token } = await auth.api.getToken({ headers: new Headers({ cookie }) })
  return { access_token: token }
}

let keys = createRemoteJWKSet(new URL(`${url}/api/auth/jwks`))
const handler = toNodeHandler(auth)

async function answer(request) {
  switch (request.url) {
    case '/users':
      return [200, users]
    case '/login':
      return [200, await logIn((await json(request)).username)]
    case '/move':
      // The application is started again with the secret of the new service.
      keys = Buffer.from((await json(request)).secret)
      return [200, {}]
    case '/me':
      try {
        const { payload } = await jwtVerify(request.headers.authorization.slice(7), keys)
        return [200, { id: payload.sub }]
      } catch (error) {
        return [401, { message: String(error) }]
      }
  }
}

server.on('request', async (request, response) => {
  const [status, body] = (await answer(request)) ?? []
  if (status === undefined) return handler(request, response)
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
})
console.log(`better-auth ${url}`)
