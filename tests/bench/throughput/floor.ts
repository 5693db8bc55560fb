/** What a request costs at least: the same Hono and node-server, and a constant answer of the same size to the same POST. */
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'

// As long as ours: claims of three ids and two times, signed.
const token = 'x'.repeat(320)
const answer = {
  status: 'success',
  code: 200,
  data: {
    message: 'Access token refreshed successfully',
    access_token: token,
    token_type: 'bearer',
    expires_in: 1800,
    refresh_token: token,
  },
}

const app = new Hono()
app.post('/refresh_token', (c) => c.json(answer))
createServer(getRequestListener(app.fetch)).listen(Number(process.env['PORT']), '127.0.0.1')
