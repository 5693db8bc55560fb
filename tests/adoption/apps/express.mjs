/** An application with Express and jsonwebtoken, as in tutorials: two secrets, and the refresh token in a cookie named jwt. */
import express from 'express'
import jsonwebtoken from 'jsonwebtoken'

const IDS = { ada: 1, grace: 2, barbara: 3 }
const REFRESH_TOKEN_SECRET = process.argv[2]
let accessSecret = 'another-secret'

const app = express().use(express.json())

app.post('/login', ({ body: { username } }, response) => {
  const claims = { user: { id: IDS[username] }, login: performance.now() }
  const refresh = jsonwebtoken.sign(claims, REFRESH_TOKEN_SECRET, { expiresIn: '7d' })
  response.cookie('jwt', refresh, { httpOnly: true, sameSite: 'strict' })
  response.json({ access_token: jsonwebtoken.sign(claims, accessSecret, { expiresIn: '15m' }) })
})

app.get('/me', ({ headers }, response) => {
  try {
    const { user, sub } = jsonwebtoken.verify(headers.authorization.slice(7), accessSecret, {
      algorithms: ['HS256'],
    })
    response.json({ id: sub ?? String(user.id) })
  } catch (error) {
    response.status(401).json({ message: error.message })
  }
})

// The application is started again with the secret of the new service.
app.post('/move', ({ body: { secret } }, response) => {
  accessSecret = secret
  response.json({})
})

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`jsonwebtoken http://127.0.0.1:${server.address().port}`)
})
