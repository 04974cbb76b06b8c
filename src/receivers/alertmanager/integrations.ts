// Alertmanager's integrations that Leitstand does not model, as its own source has them: config/config.go,
// config/notifiers.go and notify/*/config.go of 0.25.0 to 0.34.1. `0.25` stands for it and what is older.

/** What is known of an integration that Alertmanager does by itself. */
export interface ForeignIntegration {
  /** First version of Alertmanager that has it. */
  readonly since: string;
  /** Whether it tells the end of an alert when nothing is said. */
  readonly sendsResolved: boolean;
  /** The key with the URL that it sends to. */
  readonly address?: string;
  /** The keys that say whom it reaches, for people. */
  readonly place?: readonly string[];
  /** Version → the keys that came with it. */
  readonly keys: Readonly<Record<string, string>>;
}

export const FOREIGN_INTEGRATIONS: Readonly<Record<string, ForeignIntegration>> = {
  discord: {
    since: '0.25',
    sendsResolved: true,
    address: 'webhook_url',
    keys: {
      '0.25': 'send_resolved http_config webhook_url title message',
      '0.27': 'webhook_url_file',
      '0.28': 'content username avatar_url',
    },
  },
  incidentio: {
    since: '0.29',
    sendsResolved: true,
    address: 'url',
    keys: {
      '0.29':
        'send_resolved http_config url url_file alert_source_token alert_source_token_file max_alerts timeout',
    },
  },
  jira: {
    since: '0.28',
    sendsResolved: true,
    address: 'api_url',
    place: ['project'],
    keys: {
      '0.28':
        'send_resolved http_config api_url project summary description labels priority issue_type reopen_transition resolve_transition wont_fix_resolution reopen_duration fields',
      '0.29': 'api_type',
    },
  },
  mattermost: {
    since: '0.30',
    sendsResolved: true,
    address: 'webhook_url',
    place: ['channel'],
    keys: {
      '0.30':
        'send_resolved http_config webhook_url webhook_url_file channel username text icon_url icon_emoji attachments type props priority',
      '0.32':
        'fallback color pretext author_name author_link author_icon title title_link fields thumb_url footer footer_icon image_url',
    },
  },
  msteams: {
    since: '0.26',
    sendsResolved: true,
    address: 'webhook_url',
    keys: {
      '0.26': 'send_resolved http_config webhook_url title text',
      '0.27': 'webhook_url_file summary',
    },
  },
  msteamsv2: {
    since: '0.28',
    sendsResolved: true,
    address: 'webhook_url',
    keys: {
      '0.28': 'send_resolved http_config webhook_url webhook_url_file title text',
    },
  },
  opsgenie: {
    since: '0.25',
    sendsResolved: true,
    address: 'api_url',
    keys: {
      '0.25':
        'send_resolved http_config api_key api_key_file api_url message description source details entity responders actions tags note priority update_alerts',
    },
  },
  pushover: {
    since: '0.25',
    sendsResolved: true,
    keys: {
      '0.25':
        'send_resolved http_config user_key token title message url url_title sound priority retry expire html',
      '0.26': 'user_key_file token_file device',
      '0.27': 'ttl',
      '0.29': 'monospace',
    },
  },
  rocketchat: {
    since: '0.28',
    sendsResolved: false,
    address: 'api_url',
    place: ['channel'],
    keys: {
      '0.28':
        'send_resolved http_config api_url token_id token_id_file token token_file channel color title title_link text fields short_fields emoji icon_url image_url thumb_url link_names actions',
    },
  },
  sns: {
    since: '0.25',
    sendsResolved: true,
    address: 'api_url',
    place: ['topic_arn', 'target_arn', 'phone_number'],
    keys: {
      '0.25':
        'send_resolved http_config api_url sigv4 topic_arn phone_number target_arn subject message attributes',
      '0.33': 'use_aws_http_client',
    },
  },
  telegram: {
    since: '0.25',
    sendsResolved: true,
    address: 'api_url',
    place: ['chat_id'],
    keys: {
      '0.25': 'send_resolved http_config api_url bot_token chat_id message disable_notifications parse_mode',
      '0.26': 'bot_token_file',
      '0.28': 'message_thread_id',
      '0.31': 'chat_id_file',
    },
  },
  victorops: {
    since: '0.25',
    sendsResolved: true,
    address: 'api_url',
    keys: {
      '0.25':
        'send_resolved http_config api_key api_key_file api_url routing_key message_type state_message entity_display_name monitoring_tool custom_fields',
    },
  },
  webex: {
    since: '0.25',
    sendsResolved: true,
    address: 'api_url',
    place: ['room_id'],
    keys: {
      '0.25': 'send_resolved http_config api_url message room_id',
    },
  },
  wechat: {
    since: '0.25',
    sendsResolved: false,
    address: 'api_url',
    place: ['to_user', 'to_party', 'to_tag'],
    keys: {
      '0.25':
        'send_resolved http_config api_secret corp_id message api_url to_user to_party to_tag agent_id message_type',
      '0.31': 'api_secret_file',
    },
  },
};

export const FOREIGN_TYPES: readonly string[] = Object.keys(FOREIGN_INTEGRATIONS);

/** Key → first version that has it. */
export function keysOf({ keys }: ForeignIntegration): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(keys).flatMap(([since, names]) =>
      names.split(' ').map((name): [string, string] => [name, since]),
    ),
  );
}
