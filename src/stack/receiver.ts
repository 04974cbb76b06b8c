import type { z } from 'zod';
import type { Json } from '../platform/canonical-json.ts';
import type { MessageCard } from './card.ts';
import type { SecretFile } from './plan.ts';
import type { SandboxEndpoint } from './sandbox.ts';
import type { ResolveSecret, Secret } from './secret.ts';
import type { Language } from './language.ts';
import type { Version } from './version.ts';

/** Which integration is meant: `on-call slack[0]`. */
export interface IntegrationName {
  readonly receiver: string;
  readonly type: string;
  readonly index: number;
}

/** One way in which a receiver is reached, after Alertmanager's model. */
export interface Integration {
  readonly receiver: string;
  /** Alertmanager's word for it in metrics and logs: `slack`, `email`, `pagerduty`, `webhook`. */
  readonly type: string;
  /** Position among the receiver's integrations of the same type, as in the log's `slack[0]`. */
  readonly index: number;
  readonly sendsResolved: boolean;
  /** Who or what is reached, for people: `#alerts`, `ops@example.org`; never a secret. */
  readonly place?: string;
  /**
   * Where it sends to: an http, https, smtp or smtps URL. Holds a secret for most providers: show its host only.
   * Undefined where only Alertmanager knows.
   */
  destination(): URL | undefined;
  /** PEM file of the authority that signed the destination's certificate; absent: the system knows it. */
  readonly caFile?: string | undefined;
  /**
   * By what its messages are told from those of others that share the destination, as `SandboxMessage.recipient` has
   * it; undefined where the destination tells enough. No secret.
   */
  readonly recipient?: string;
  /** What must not appear in a text that quotes others: keys, passwords, URLs that are keys. */
  secrets(): readonly Secret[];
  /** Everything that decides whom it reaches, secrets included: for hashing only. */
  identity(): Json;
  render(target: IntegrationTarget): RenderedIntegration;
  /** How the provider can be asked whether a message is there; absent: it cannot, or nothing is configured for it. */
  readonly readBack?: ReadBack;
  /** Sends one message from here, past Alertmanager: proves the credentials only. Absent: not possible. */
  readonly direct?: DirectSender;
  /**
   * Ends at once, past Alertmanager, what a group of alerts opened at the provider, so that a test keeps nobody busy:
   * PagerDuty's incident. Resolves with the provider's word of success, also when nothing was open. Rejects with
   * LS-RECEIVER errors. Absent: nothing stays open there.
   */
  close?(group: OpenGroup): Promise<string>;
}

export interface OpenGroup {
  /** Alertmanager's key of the group: `{}/{severity="critical"}:{alertname="DiskFull"}`. */
  readonly groupKey: string;
  readonly signal?: AbortSignal | undefined;
}

export interface IntegrationTarget {
  readonly alertmanager: Version;
  /** Path under which Alertmanager reads a secret file. */
  secretPath(name: string): string;
  /** Everything is to go there in place of the provider; nothing of the provider's credentials is rendered. */
  readonly sandbox?: SandboxAddress;
}

/** Where an inbox listens. */
export interface SandboxAddress {
  /** `127.0.0.1:5001`: HTTP, HTTPS and SMTP on one port. */
  readonly hostPort: string;
  /** PEM file of the authority that signed its certificate. */
  readonly caFile: string;
}

export interface RenderedIntegration {
  /** The key in Alertmanager's receiver: `slack_configs`. */
  readonly key: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly secrets: readonly SecretFile[];
  /** A secret that this version can read from no file, so that the rendered file must be private. */
  readonly inlineSecrets: readonly Secret[];
  /** Files of named templates that `config` refers to; those of the same name are the same. */
  readonly templates?: readonly TemplateFile[];
}

/** A file of `{{ define "leitstand.…" }}` blocks. */
export interface TemplateFile {
  /** `slack.de.tmpl` */
  readonly name: string;
  readonly content: string;
}

export interface IntegrationPlace {
  readonly receiver: string;
  readonly index: number;
  /** Of the texts that Leitstand writes for people. */
  readonly language: Language;
  /** The stack's own inbox, or where it would be. */
  readonly inbox: SandboxAddress;
  readonly resolve: ResolveSecret;
}

/** Asks the provider; tested against servers that speak as it does. */
export interface ReadBack {
  /** Whom it asks, for people: `the mailbox ops@example.org on imap.example.org`. */
  readonly from: string;
  /**
   * Looks once for the message of a test. Undefined: not there (yet). Rejects with LS-RECEIVER errors when the question
   * cannot be put.
   */
  find(search: ReadBackSearch): Promise<ReadBackFinding | undefined>;
}

export interface ReadBackSearch {
  /** The mark of the test; part of the message. */
  readonly nonce: string;
  /** Alertmanager's key of the alert's group; PagerDuty's dedup_key is its SHA-256. Undefined where it is not known. */
  readonly groupKey: string | undefined;
  /** Nothing older is looked at. */
  readonly since: Date;
  readonly signal?: AbortSignal | undefined;
}

export interface ReadBackFinding {
  /** `PagerDuty incident Q1…`, `message <id> in INBOX` */
  readonly evidence: string;
  /** When the provider had it, where it says so. */
  readonly at?: Date;
}

export interface DirectSender {
  /** Resolves with the provider's word of success. Rejects with LS-RECEIVER errors that hold its refusal. */
  send(message: DirectMessage): Promise<string>;
}

export interface DirectMessage {
  readonly nonce: string;
  readonly title: string;
  readonly text: string;
  readonly signal?: AbortSignal | undefined;
}

/** A receiver plug-in: one folder in `receivers/`. */
export interface ReceiverPlugin<Config = never> {
  /** The key in `receivers.<name>`, which for modelled integrations is Alertmanager's type. */
  readonly type: string;
  readonly summary: string;
  /** Of one entry of the list. */
  readonly schema: z.ZodType<Config>;
  /** Alertmanager's type of an entry, where the entries of one key have several; default: `type`. */
  typeOf?(config: Config): string;
  integration(config: Config, place: IntegrationPlace): Integration;
  /** Absent: nothing stands in for the provider. */
  readonly sandbox?: SandboxEndpoint;
  /** What the provider would cut, fold away or refuse, of a message as the sandbox took it. */
  limits?(body: string): readonly string[] | Promise<readonly string[]>;
  /** The message as people see it there; undefined when the body is no message of this kind. */
  card?(body: string): MessageCard | undefined | Promise<MessageCard | undefined>;
  /**
   * What is wrong with the form of the secret in this key of the configuration (`read_back.api_key` where it stands below
   * another); undefined: nothing. Never quotes the value.
   */
  objectToSecret?(key: string, value: string): string | undefined;
  /** How `init` writes a first entry; absent: it does not offer the type. */
  readonly setup?: ReceiverSetup;
}

/** What `init` asks and writes: an entry that reaches the inbox, until its variables hold the real values. */
export interface ReceiverSetup {
  /** After "Who is told about alerts?": `a Slack channel`. */
  readonly label: string;
  /** `now` for what wakes people; `later` for what is read in working hours. */
  readonly urgency: 'now' | 'later';
  /** The keys of the entry, in the file's order. */
  readonly keys: readonly SetupKey[];
}

export interface SetupKey {
  readonly key: string;
  /** What belongs there, in a line: `URL of a Slack incoming webhook: https://hooks.slack.com/services/T…/B…/…`. */
  readonly what: string;
  /** The value for an inbox at this address (`127.0.0.1:5001`), of the right form and no secret. */
  inbox(hostPort: string): string;
  /** Environment variable or secret that holds the real value: `SLACK_WEBHOOK_URL`; absent: it is written in the file. */
  readonly variable?: string;
  /** The real value where the variable says no other; absent: production demands the variable. */
  readonly real?: string;
  /** Whether it must be kept from others; then `variable` is there. */
  readonly isSecret: boolean;
}

/** The plug-in with its config type closed over: what registries hold. */
export interface AnyReceiverPlugin extends Omit<ReceiverPlugin, 'schema' | 'typeOf' | 'integration'> {
  readonly schema: z.ZodType;
  /** `config` must have passed `schema`. */
  typeOf?(config: unknown): string;
  integration(config: unknown, place: IntegrationPlace): Integration;
}

export function defineReceiver<Config>(plugin: ReceiverPlugin<Config>): AnyReceiverPlugin {
  const { typeOf, ...rest } = plugin;
  return {
    ...rest,
    ...(typeOf ? { typeOf: (config: unknown) => typeOf(config as Config) } : {}),
    integration: (config, place) => plugin.integration(config as Config, place),
  };
}
