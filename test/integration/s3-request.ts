import { createHash, createHmac } from 'node:crypto';
import { type HttpResponse, httpExchange } from '../../src/platform/http.ts';

export interface S3Request {
  readonly method?: 'GET' | 'PUT';
  /** `/bucket/key`, of characters that no URL escapes. */
  readonly path: string;
  readonly body?: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** One signed request (AWS Signature Version 4): as little of it as a test needs to know who is let in. */
export function s3Request(origin: string, request: S3Request): Promise<HttpResponse> {
  const { method = 'GET', path, body = '', accessKey, secretKey } = request;
  const url = new URL(path, origin);
  const at = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${at.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const sign = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const headers = { host: url.host, 'x-amz-content-sha256': hash(body), 'x-amz-date': at };
  const names = Object.keys(headers).join(';');
  const canonical = [
    method,
    path,
    '',
    ...Object.entries(headers).map(([name, value]) => `${name}:${value}`),
    '',
    names,
    hash(body),
  ].join('\n');
  const key = [at.slice(0, 8), 'us-east-1', 's3', 'aws4_request'].reduce<string | Buffer>(
    sign,
    `AWS4${secretKey}`,
  );
  const signature = sign(key, `AWS4-HMAC-SHA256\n${at}\n${scope}\n${hash(canonical)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope},SignedHeaders=${names},Signature=${signature}`;
  return httpExchange(url, {
    method,
    headers: { ...headers, authorization },
    ...(method === 'PUT' ? { body } : {}),
  });
}
