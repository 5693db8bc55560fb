import type { Generator } from './generator.ts'

export const swaggerTypescriptApi: Generator = {
  files: {
    'program.ts': `
      import { Api } from './api'

      const bearer = (token: string | undefined) => ({ headers: { Authorization: 'Bearer ' + token } })

      export async function walk(baseUrl: string, username: string, password: string) {
        const { api, refreshToken } = new Api({ baseUrl })
        await api.register({ username, password })
        // It throws its response, whose \`error\` the caller has to know.
        const wrong = await api.login({ username, password: 'not this one' })
          .catch((thrown: Awaited<ReturnType<typeof api.login>>) => thrown)
        if (wrong.ok) throw new Error('logged in')
        const { code, message } = wrong.error
        const word = wrong.headers.get('Rekindle-Error')
        const { data: opened } = await api.login({ username, password })
        const { data: user } = await api.me(bearer(opened.data.access_token))
        const { data: refreshed } = await refreshToken.refreshToken(bearer(opened.data.refresh_token))
        const token = refreshed.data.refresh_token
        // @ts-expect-error
        refreshed.data.nothing
        const { data: ended } = await api.logout(bearer(token))
        return {
          username: user.data.username,
          refused: { status: code, message, word },
          tokens: [opened.data.refresh_token, token],
          message: ended.data.message,
        }
      }`,
  },
  commands: [['swagger-typescript-api', 'generate', '-p', 'CONTRACT', '-o', '.', '-n', 'api.ts', '--silent']],
}
