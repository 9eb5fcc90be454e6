// The same endpoints by Fastify, tuned as its manual advises, on the same tables by the same statements.
//
// Answers are serialised by their schemas, bodies validated by theirs, statements prepared once for each connection,
// verified tokens remembered, access lines written by pino in batches.
import { createPublicKey, hash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import jwt from '@fastify/jwt'
import Fastify from 'fastify'
import pg from 'pg'
import pino from 'pino'
import { v7 as uuidv7 } from 'uuid'

const { AUTH_AUDIENCE, AUTH_ISSUER, DATABASE_URL, PORT, STATEMENTS } = process.env
const MERGE_PATCH = 'application/merge-patch+json'
const DAY = '1 day'
const UUID = { type: 'string', pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }

const money = {
  type: 'object',
  required: ['amount', 'currency'],
  additionalProperties: false,
  properties: {
    amount: { type: 'string', maxLength: 20, pattern: '^-?[0-9]{1,14}(\\.[0-9]{1,4})?$' },
    currency: { type: 'string', pattern: '^[A-Z]{3}$' },
  },
}
const line = {
  type: 'object',
  required: ['sku', 'quantity', 'unit_price'],
  additionalProperties: false,
  properties: {
    sku: { type: 'string', minLength: 1, maxLength: 40 },
    quantity: { type: 'integer', minimum: 1, maximum: 999 },
    unit_price: money,
  },
}
const members = {
  number: { type: 'string', minLength: 1, maxLength: 20 },
  customer_id: UUID,
  total: money,
  priority: { enum: ['NORMAL', 'EXPRESS'] },
  lines: { type: 'array', maxItems: 100, items: line },
}
const note = { type: 'string', minLength: 1, maxLength: 10000 }
const newOrder = {
  type: 'object',
  required: ['number', 'customer_id', 'total'],
  additionalProperties: false,
  properties: { ...members, note },
}
const orderPatch = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: { ...members, note: { ...note, type: ['string', 'null'] } },
}
const text = { type: 'string' }
const moneyView = { type: 'object', properties: { amount: text, currency: text } }
const lineView = { type: 'object', properties: { sku: text, quantity: { type: 'integer' }, unit_price: moneyView } }
const orderView = {
  type: 'object',
  properties: {
    id: text,
    number: text,
    customer_id: text,
    total: moneyView,
    priority: text,
    note: text,
    placed_at: text,
    lines: { type: 'array', items: lineView },
    status: text,
    created_at: text,
    modified_at: text,
  },
}
const page = { type: 'object', properties: { items: { type: 'array', items: orderView }, next: text } }
const params = { type: 'object', properties: { id: UUID } }
const querystring = {
  type: 'object',
  additionalProperties: false,
  properties: { limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 }, cursor: text },
}
const postHeaders = { type: 'object', required: ['idempotency-key'], properties: { 'idempotency-key': UUID } }

// A moment stays the text that it is, to the microsecond: "2026-01-31 12:00:00.5+00" is "2026-01-31T12:00:00.5Z".
const moment = (value) => `${value.slice(0, 10)}T${value.slice(11, -3)}Z`
const parsers = { [pg.types.builtins.TIMESTAMPTZ]: moment }
const types = { getTypeParser: (oid, format) => parsers[oid] ?? pg.types.getTypeParser(oid, format) }
const pool = new pg.Pool({
  connectionString: DATABASE_URL,
  min: 10,
  max: 10,
  idleTimeoutMillis: 0,
  options: '-c timezone=UTC -c jit=off',
  types,
})
const statements = Object.fromEntries(
  Object.entries(JSON.parse(readFileSync(STATEMENTS, 'utf8'))).map(([name, text]) => [name, { name, text }]),
)
const run = (statement, values) => pool.query({ ...statement, values })

const logger = pino({ base: null }, pino.destination({ sync: false, minLength: 8192 }))
setInterval(() => logger.flush(), 50).unref()

const app = Fastify({
  loggerInstance: logger,
  disableRequestLogging: true,
  requestIdHeader: 'request-id',
  genReqId: () => randomUUID(),
  ajv: { customOptions: { removeAdditional: false } },
})

const { keys } = await (await fetch(`${AUTH_ISSUER}/jwks.json`)).json()
await app.register(jwt, {
  secret: { public: createPublicKey({ key: keys[0], format: 'jwk' }).export({ type: 'spki', format: 'pem' }) },
  verify: {
    algorithms: ['ES256'],
    allowedIss: AUTH_ISSUER,
    allowedAud: AUTH_AUDIENCE,
    cache: 4096,
    cacheKeyBuilder: (token) => token,
  },
})

app.decorateRequest('content', '')
const parse = app.getDefaultJsonParser('error', 'error')
const keep = (request, body, done) => {
  request.content = body
  parse(request, body, done)
}
app.removeAllContentTypeParsers()
app.addContentTypeParser(['application/json', MERGE_PATCH], { parseAs: 'string' }, keep)

app.addHook('onRequest', async (request, reply) => {
  reply.header('request-id', request.id).header('x-content-type-options', 'nosniff')
  const { scope } = request.routeOptions.config
  if (scope === undefined) return
  await request.jwtVerify()
  if (!request.user.scope.split(' ').includes(scope)) throw refusal(403, `The access token lacks the scope ${scope}.`)
})

app.addHook('onResponse', (request, reply, done) => {
  request.log.info({
    method: request.method,
    status: reply.statusCode,
    duration_ms: reply.elapsedTime,
    route: request.routeOptions.url,
  })
  done()
})

const refusal = (statusCode, message) => Object.assign(new Error(message), { statusCode })

const orderOf = (row) => ({
  id: row.id,
  number: row.number,
  customer_id: row.customer_id,
  total: { amount: row.total_amount, currency: row.total_currency },
  priority: row.priority,
  note: row.note ?? undefined,
  placed_at: row.placed_at ?? undefined,
  lines: row.lines,
  status: row.status,
  created_at: row.created_at,
  modified_at: row.modified_at,
})

const lineRows = (lines) =>
  JSON.stringify(
    lines.map(({ sku, quantity, unit_price }, position) => ({
      position,
      sku,
      quantity,
      unit_price_amount: unit_price.amount,
      unit_price_currency: unit_price.currency,
    })),
  )

const versioned = (reply, version) => reply.header('etag', `"${version}"`).header('cache-control', 'private, no-cache')

app.get('/readyz', async () => ({ status: 'ok' }))

app.get(
  '/orders/:id',
  { config: { scope: 'orders.read' }, schema: { params, response: { 200: orderView } } },
  async (request, reply) => {
    const { rows } = await run(statements.find, [request.params.id])
    if (rows.length === 0) throw refusal(404, 'There is no such order.')
    versioned(reply, rows[0].version)
    const known = request.headers['if-none-match']
    if (known !== undefined && (known === '*' || known.includes(`"${rows[0].version}"`))) {
      reply.code(304)
      return
    }
    return orderOf(rows[0])
  },
)

app.get(
  '/orders',
  { config: { scope: 'orders.read' }, schema: { querystring, response: { 200: page } } },
  async (request) => {
    const { limit, cursor } = request.query
    const { rows } =
      cursor === undefined
        ? await run(statements.page, [limit + 1])
        : await run(statements.pageAfter, [limit + 1, ...positionOf(cursor)])
    if (rows.length <= limit) return { items: rows.map(orderOf) }
    rows.pop()
    const { created_at, id } = rows[limit - 1]
    const next = Buffer.from(JSON.stringify([created_at, id])).toString('base64url')
    return { items: rows.map(orderOf), next }
  },
)

const positionOf = (cursor) => {
  try {
    const [created_at, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return [created_at, id]
  } catch {
    throw refusal(400, 'The cursor is malformed.')
  }
}

app.post(
  '/orders',
  {
    config: { scope: 'orders.write' },
    schema: { headers: postHeaders, body: newOrder, response: { 201: orderView } },
  },
  async (request, reply) => {
    const { body, user } = request
    const now = new Date().toISOString()
    const { number, customer_id, total, priority = 'NORMAL', note, lines = [] } = body
    const id = uuidv7()
    const order = {
      id, number, customer_id, total, priority, note, lines, status: 'DRAFT', created_at: now, modified_at: now,
    }
    const key = request.headers['idempotency-key']
    const fingerprint = hash('sha256', `${request.method} ${request.url}\n${request.content}`, 'buffer')
    const lock = hash('sha256', `${user.sub}\0${key}`, 'buffer').readBigInt64BE()
    const location = `/orders/${id}`
    const answer = reply.code(201).serialize(order)
    const { rows } = await run(statements.insert, [
      user.sub, key, fingerprint, 'created', 1, location.slice(1), Buffer.from(answer), DAY, lock,
      id, lineRows(lines), number, customer_id, total.amount, total.currency, priority, note, null, 'DRAFT', 1, now, now,
    ])
    if (rows.length === 0) return replay(reply, user.sub, key, fingerprint)
    versioned(reply, 1).header('location', location).type('application/json')
    return answer
  },
)

const replay = async (reply, caller, key, fingerprint) => {
  const { rows } = await run(statements.findKey, [caller, key])
  if (rows.length === 0) throw refusal(409, 'A request with this Idempotency-Key is under way.')
  const [stored] = rows
  if (!fingerprint.equals(stored.fingerprint)) throw refusal(422, 'This Idempotency-Key was sent before.')
  versioned(reply, stored.version).header('location', stored.location).type('application/json').code(stored.status)
  return stored.body.toString()
}

app.patch(
  '/orders/:id',
  {
    config: { scope: 'orders.write' },
    schema: { params, body: orderPatch, response: { 200: orderView } },
  },
  async (request, reply) => {
    const { id } = request.params
    const expected = request.headers['if-match']
    if (expected === undefined) throw refusal(428, 'Send If-Match.')
    const { rows } = await run(statements.find, [id])
    if (rows.length === 0) throw refusal(404, 'There is no such order.')
    const { version } = rows[0]
    if (expected !== '*' && !expected.includes(`"${version}"`)) throw refusal(412, 'The order has changed.')
    const order = { ...orderOf(rows[0]), ...request.body, modified_at: new Date().toISOString() }
    const { rows: updated } = await run(statements.update, [
      order.number, order.customer_id, order.total.amount, order.total.currency, order.priority, order.note,
      order.placed_at, order.status, version + 1, order.modified_at, id, lineRows(order.lines),
    ])
    if (updated.length === 0) throw refusal(412, 'The order has changed.')
    versioned(reply, version + 1)
    if (order.note === null) order.note = undefined
    return order
  },
)

await app.listen({ host: '127.0.0.1', port: Number(PORT) })
