import { Agent as HttpsAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { S3Patience, S3Settings } from './settings.ts';

/** With the SDK's backoff, about 20 s of 503 are outlasted. */
const PATIENCE: S3Patience = { attempts: 8, connectMs: 10_000, idleMs: 60_000 };
const CONNECTIONS = 16;

export function s3Client(settings: S3Settings): S3Client {
  const { region, endpoint, pathStyle, credentials, ca, patience = PATIENCE } = settings;
  return new S3Client({
    ...(region === undefined ? regionDefault(endpoint) : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: pathStyle ?? endpoint !== undefined,
    ...(credentials === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: credentials.accessKeyId.reveal(),
            secretAccessKey: credentials.secretAccessKey.reveal(),
          },
        }),
    // Newer SDKs send checksums in trailers, which R2, OVH and older Cephs refuse (aws/aws-sdk-js-v3#6810). The
    // signature covers the body's SHA-256 anyway, and the names of what we store are hashes.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: patience.attempts,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: patience.connectMs,
      socketTimeout: patience.idleMs,
      httpsAgent: new HttpsAgent({
        keepAlive: true,
        maxSockets: CONNECTIONS,
        ...(ca === undefined ? {} : { ca }),
      }),
    }),
  });
}

/** Servers that are not AWS mostly know one region and call it so; of AWS the environment or profile must say it. */
function regionDefault(endpoint: string | undefined): { readonly region?: string } {
  return endpoint === undefined ? {} : { region: process.env['AWS_REGION'] ?? 'us-east-1' };
}
