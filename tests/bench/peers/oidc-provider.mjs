/** The grant `refresh_token` with rotation, and no ID token: the scope leaves `openid` out. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { Provider } from 'oidc-provider'
import { openDatabase, port, writeTokens } from './shared.mjs'

const database = openDatabase()
database.exec(`create table items (model text, id text, payload text not null, grant_id text, consumed_at integer,
  expires_at integer, primary key (model, id)) without rowid`)
database.exec('create index items_grant_id on items (grant_id)')
const upsert =
  database.prepare(`insert into items (model, id, payload, grant_id, expires_at) values (?, ?, ?, ?, ?)
  on conflict do update set payload = excluded.payload, expires_at = excluded.expires_at`)
const find = database.prepare('select payload, consumed_at from items where model = ? and id = ?')
const consume = database.prepare('update items set consumed_at = ? where model = ? and id = ?')
const destroy = database.prepare('delete from items where model = ? and id = ?')
const revoke = database.prepare('delete from items where grant_id = ?')

const now = () => Math.floor(Date.now() / 1000)

class Adapter {
  constructor(model) {
    this.model = model
  }
  async upsert(id, payload, expiresIn) {
    upsert.run(this.model, id, JSON.stringify(payload), payload.grantId ?? null, now() + (expiresIn ?? 0))
  }
  async find(id) {
    const row = find.get(this.model, id)
    if (row === undefined) return undefined
    return { ...JSON.parse(row.payload), ...(row.consumed_at !== null && { consumed: row.consumed_at }) }
  }
  async consume(id) {
    consume.run(now(), this.model, id)
  }
  async destroy(id) {
    destroy.run(this.model, id)
  }
  async revokeByGrantId(grantId) {
    revoke.run(grantId)
  }
}

const SCOPE = 'offline_access'
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: Adapter,
  clients: [
    {
      client_id: 'bench',
      client_secret: 'bench-secret',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['https://example.com/callback'],
      token_endpoint_auth_method: 'client_secret_post',
      id_token_signed_response_alg: 'ES256',
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
  rotateRefreshToken: true,
  findAccount: (_, accountId) => ({ accountId, claims: async () => ({ sub: accountId }) }),
  cookies: { keys: [randomBytes(32).toString('hex')] },
  features: { devInteractions: { enabled: false } },
})

const client = await provider.Client.find('bench')
await writeTokens(database, async (index) => {
  const session = { accountId: `user-${index}`, clientId: 'bench' }
  const grant = new provider.Grant(session)
  grant.addOIDCScope(SCOPE)
  const grantId = await grant.save()
  return new provider.RefreshToken({
    ...session,
    client,
    grantId,
    scope: SCOPE,
    gty: 'authorization_code',
  }).save()
})
provider.listen(port, '127.0.0.1')
