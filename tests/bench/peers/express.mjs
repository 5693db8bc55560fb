/** As tutorials do it: a table of refresh tokens, each of which is replaced when it is used, in one transaction. */
import { randomBytes, randomUUID } from 'node:crypto'
import express from 'express'
import jwt from 'jsonwebtoken'
import { openDatabase, port, writeTokens } from './shared.mjs'

const ACCESS_SECRET = randomBytes(32).toString('hex')
const REFRESH_SECRET = randomBytes(32).toString('hex')

const database = openDatabase()
database.exec(
  'create table refresh_tokens (token text primary key, user_id text not null, rotations integer not null)',
)
const find = database.prepare('select user_id, rotations from refresh_tokens where token = ?')
const insert = database.prepare('insert into refresh_tokens values (?, ?, ?)')
const remove = database.prepare('delete from refresh_tokens where token = ?')

const signRefresh = (userId) =>
  jwt.sign({ sub: userId, jti: randomUUID() }, REFRESH_SECRET, { expiresIn: '30d' })

const rotate = database.transaction((token, successor) => {
  const row = find.get(token)
  if (row === undefined) return false
  remove.run(token)
  insert.run(successor, row.user_id, row.rotations + 1)
  return true
})

const app = express()
app.use(express.json())
app.post('/refresh', (request, response) => {
  const { token } = request.body
  let claims
  try {
    claims = jwt.verify(token, REFRESH_SECRET)
  } catch {
    return response.status(401).json({ message: 'Invalid refresh token.' })
  }
  const successor = signRefresh(claims.sub)
  if (!rotate(token, successor)) return response.status(401).json({ message: 'Invalid refresh token.' })
  const access = jwt.sign({ sub: claims.sub }, ACCESS_SECRET, { expiresIn: '30m' })
  return response.json({ access_token: access, refresh_token: successor })
})

await writeTokens(database, async (index) => {
  const token = signRefresh(`user-${index}`)
  insert.run(token, `user-${index}`, 0)
  return token
})
app.listen(port, '127.0.0.1')
