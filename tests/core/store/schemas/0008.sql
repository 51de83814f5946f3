CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied TEXT NOT NULL);
CREATE TABLE credential (
        id VARCHAR(36) PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, provider TEXT NOT NULL,
        sealed TEXT NOT NULL, sealed_version INTEGER NOT NULL, version INTEGER NOT NULL,
        created TEXT NOT NULL, changed TEXT NOT NULL, changed_by TEXT NOT NULL, secret_dates TEXT NOT NULL,
        state TEXT NOT NULL, state_since TEXT NOT NULL, previous_state TEXT NOT NULL, checked TEXT NOT NULL,
        seen BOOLEAN NOT NULL, report TEXT NOT NULL);
CREATE INDEX credential_provider ON credential (provider);
CREATE INDEX credential_state ON credential (state, name_key);
CREATE INDEX credential_checked ON credential (checked);
CREATE INDEX credential_changed ON credential (changed);
CREATE TABLE master_key (id VARCHAR(64) PRIMARY KEY, proof TEXT NOT NULL, created TEXT NOT NULL, awaited BOOLEAN NOT NULL DEFAULT FALSE, replaced TEXT NOT NULL DEFAULT '');
CREATE TABLE account (
        id VARCHAR(36) PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, password TEXT NOT NULL,
        created TEXT NOT NULL);
CREATE TABLE session (
        id VARCHAR(64) PRIMARY KEY, account TEXT NOT NULL, started TEXT NOT NULL, seen TEXT NOT NULL,
        user_agent TEXT NOT NULL, address TEXT NOT NULL);
CREATE INDEX session_account ON session (account);
CREATE TABLE attempt (id VARCHAR(255) PRIMARY KEY, failures INTEGER NOT NULL, last TEXT NOT NULL);
CREATE TABLE lease (id VARCHAR(255) PRIMARY KEY, owner TEXT NOT NULL, until DOUBLE PRECISION NOT NULL);
CREATE TABLE value (id VARCHAR(255) PRIMARY KEY, value TEXT NOT NULL, sealed BOOLEAN NOT NULL);
CREATE TABLE repository (
        id VARCHAR(36) PRIMARY KEY, credential VARCHAR(36) NOT NULL, name TEXT NOT NULL, secret TEXT NOT NULL,
        sealed TEXT NOT NULL, generated BOOLEAN NOT NULL, created TEXT NOT NULL, created_by TEXT NOT NULL,
        UNIQUE (credential, name, secret));
CREATE TABLE ssh_entry (
        id VARCHAR(36) PRIMARY KEY, kind VARCHAR(16) NOT NULL, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE,
        keypair VARCHAR(36) NOT NULL, sealed TEXT NOT NULL, sealed_version INTEGER NOT NULL, version INTEGER NOT NULL,
        created TEXT NOT NULL, changed TEXT NOT NULL, changed_by TEXT NOT NULL,
        state TEXT NOT NULL, state_since TEXT NOT NULL, previous_state TEXT NOT NULL, checked TEXT NOT NULL,
        seen BOOLEAN NOT NULL, host_key TEXT NOT NULL, report TEXT NOT NULL);
CREATE INDEX ssh_entry_kind ON ssh_entry (kind, name_key);
CREATE INDEX ssh_entry_keypair ON ssh_entry (keypair);
CREATE INDEX ssh_entry_checked ON ssh_entry (kind, checked);
CREATE TABLE ssh_host_key_change (
        id VARCHAR(36) PRIMARY KEY, subject VARCHAR(36) NOT NULL, made TEXT NOT NULL, made_by TEXT NOT NULL,
        sealed TEXT NOT NULL);
CREATE INDEX ssh_host_key_change_subject ON ssh_host_key_change (subject, made);
CREATE TABLE oauth_app (
        id VARCHAR(40) PRIMARY KEY, client_id TEXT NOT NULL, sealed TEXT NOT NULL, changed TEXT NOT NULL,
        changed_by TEXT NOT NULL);
CREATE TABLE oauth_flow (
        id VARCHAR(64) PRIMARY KEY, session VARCHAR(64) NOT NULL, provider VARCHAR(40) NOT NULL, sealed TEXT NOT NULL,
        created TEXT NOT NULL);
CREATE INDEX oauth_flow_session ON oauth_flow (session, provider);
CREATE TABLE login (
        id VARCHAR(36) PRIMARY KEY, sealed TEXT NOT NULL, needs_login BOOLEAN NOT NULL, error TEXT NOT NULL,
        tries INTEGER NOT NULL, refreshed TEXT NOT NULL, due TEXT NOT NULL, ends TEXT NOT NULL,
        chain_from INTEGER NOT NULL, chain_to INTEGER NOT NULL);
CREATE INDEX login_due ON login (needs_login, due);
CREATE TABLE audit_book (
        id VARCHAR(32) PRIMARY KEY, number BIGINT NOT NULL, chain TEXT NOT NULL,
        base_number BIGINT NOT NULL, base_chain TEXT NOT NULL, base_mark TEXT NOT NULL, own BOOLEAN NOT NULL);
CREATE TABLE audit (
        book VARCHAR(32) NOT NULL, number BIGINT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, origin TEXT NOT NULL,
        action TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, name TEXT NOT NULL, outcome TEXT NOT NULL,
        detail TEXT NOT NULL, chain TEXT NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (book, number));
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_action ON audit (action, at);
CREATE INDEX audit_subject ON audit (subject);
CREATE TABLE cluster_credential (
        id VARCHAR(320) PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, provider TEXT NOT NULL,
        stored TEXT NOT NULL, ready TEXT NOT NULL, reason TEXT NOT NULL, verified TEXT NOT NULL, checked TEXT NOT NULL,
        outputs TEXT NOT NULL, sealed TEXT NOT NULL, report TEXT NOT NULL, facts_digest TEXT NOT NULL,
        values_digest TEXT NOT NULL, first_seen TEXT NOT NULL, changed TEXT NOT NULL, change BIGINT NOT NULL);
CREATE INDEX cluster_credential_name ON cluster_credential (name, namespace);
CREATE INDEX cluster_credential_stored ON cluster_credential (stored);
CREATE TABLE cluster_change (id VARCHAR(64) PRIMARY KEY, number BIGINT NOT NULL);
CREATE TABLE publication (
        id VARCHAR(36) PRIMARY KEY, credential VARCHAR(36) NOT NULL, pattern TEXT NOT NULL, created TEXT NOT NULL,
        created_by TEXT NOT NULL, UNIQUE (credential, pattern));
CREATE TABLE cluster_secret (
        id VARCHAR(36) PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, repository TEXT NOT NULL,
        option TEXT NOT NULL, sealed TEXT NOT NULL, created TEXT NOT NULL, UNIQUE (namespace, name, repository, option));
CREATE TABLE sealing_key (
        id VARCHAR(100) PRIMARY KEY, sealed TEXT NOT NULL, created TEXT NOT NULL,
        created_by TEXT NOT NULL);
CREATE TABLE api_token (
        id VARCHAR(64) PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL,
        created TEXT NOT NULL, created_by TEXT NOT NULL, expires TEXT NOT NULL, used TEXT NOT NULL);
INSERT INTO migration VALUES (1, 'initial', '2026-11-28T01:49:31.109160');
INSERT INTO migration VALUES (3, 'repositories', '2026-11-28T01:49:31.109277');
INSERT INTO migration VALUES (4, 'ssh', '2026-11-28T01:49:31.112446');
INSERT INTO migration VALUES (5, 'logins', '2026-11-28T01:49:31.126054');
INSERT INTO migration VALUES (6, 'audit', '2026-11-28T01:49:31.130118');
INSERT INTO migration VALUES (7, 'cluster', '2026-11-28T01:49:31.130502');
INSERT INTO migration VALUES (8, 'API tokens', '2026-11-28T01:49:31.152712');
INSERT INTO credential VALUES ('b5a62b95-f0e7-4963-977b-eb9872569bdc', 'Nightly ü ''€''', 'nightly ü ''€''', 'S3', 'v1.f20404bdbd35d377.uLrSVSQ37k2NbRM3BpeKQ_LrcWWvsAwrB7ewRwafVAKrMuVulW63dTt3uq8h_eJPllnIVALGk9_6U9KB.nt1urpBjVtkgL3OrbnUc8L98las2isUWgsG7bq3oKINw_ZOeEa-8m_kE6XiL_AeelQPbF2vl-_Pf0ld0wBOT10G6BTZBy033z1ReBBZloVaawYsQX_Wk4DiOTXWnB0TEVc8TvPes00WdWYyhN1hSARRCgYXgly8MiQhz1y1UfBGfLBIfmR1mUFs_O9lAPkcIyw==', 1, 1, '2026-11-28T01:49:32.852245', '2026-11-28T01:49:32.852245', 'admin', '{"secret_access_key": "2026-11-28T01:49:32.852245"}', 'invalid', '2026-11-28T01:49:32.876987', 'valid', '2026-11-28T01:49:32.876987', FALSE, 'v1.f20404bdbd35d377.CpbFCe0WodwJnkwTZBT1MkHPDB1eByCx_DRGsdw6Pfn-vfJgvToBq6RXQGUrbiZz7XLUPKvhLE-e93lO.FZUofULCdKusa43uX9tGiIjTWp2edmo8F55fYQKzMT1EeJ6g-4_uGGy5dvtmMkd4dlc-5GWxppYFkjFviW8Y_xhKbMe9q0E=');
INSERT INTO credential VALUES ('7de12c89-dbc6-471a-adb0-25f196fd0bee', 'Never checked', 'never checked', 'B2', 'v1.f20404bdbd35d377.Hz9wHlRIE7-owEI556fYGK6BJfJk90Agc5lfIAFdTNq9ED18DUWTp3X9VEkKonDnoqysZqC5Ag2akK2a.cVh5YrkhB36bmVIujR2i45FHvEPNK8F2Xe3TW0G0k0VyKeKp1EkBOLqYNHYk2TP0PP__v9pplhQy0WCnYJ544P35o7BqdvN6OIlA', 1, 1, '2026-11-28T01:49:32.884419', '2026-11-28T01:49:32.884419', 'admin', '{"key": "2026-11-28T01:49:32.884419"}', '', '', '', '', TRUE, '');
INSERT INTO master_key VALUES ('f20404bdbd35d377', 'v1.f20404bdbd35d377.bpS0G9PFpDjROOW-Q96Aok3j3qQ3SB8llx70FM7FedlmjcMkYhRIhhVBpRLZv0ZDIXMv958kD5x61lFr.O2yX835Wa3MSmbPVSSMqGL998HL3HFvbyz-Jwynkn-6bcUz3xnOoShVhMDM7EA==', '2026-11-28T01:49:31.259324', FALSE, '');
INSERT INTO account VALUES ('e9efcc30-665f-45aa-8dd6-12b382a60f2f', 'admin', 'admin', '$argon2id$v=19$m=65536,t=3,p=4$zjOsny9uly9lSETdl1xx3A$HbuyaWz59e3lxW76k42jUG+GK2KnJWD9V5b6US7ug0k', '2026-11-28T01:49:31.353050');
INSERT INTO session VALUES ('0e7bfe51f160ead5d02f7a38dc34c6cc5b6c4b9a8b8d1e8fe74456c82211471c', 'e9efcc30-665f-45aa-8dd6-12b382a60f2f', '2026-11-28T01:49:32.851609', '2026-11-28T01:49:32.851609', 'a browser', '127.0.0.1');
INSERT INTO value VALUES ('audit-key:fdcc488f1773820eaba0d35292c8be34', 'v1.f20404bdbd35d377.r3TjMYAfLN8gAXDiyyzoJeeZEN2NicmSj4MQabWV-Dt-WXpRf0KYrUlmapw7q84ufs77njhRHUJR6yq1.i76bubii43BUod2JkWIttFUUNAqpwGGPg0FBE_pEQnlOfeghrXG_LJ_Z50o2J-cZcG9oUNu-VZkfBWqg6BTDRZSNO4C8z4KvBkZ6RPUqXBiTWlWqUSOmYTta_qtdiQ==', TRUE);
INSERT INTO value VALUES ('made-up:open', '{"a": 1}', FALSE);
INSERT INTO value VALUES ('made-up:sealed', 'v1.f20404bdbd35d377.9O0dJ0ejSvitcUyLmFQzQHn_XNv5NPXH2tJXifoJU-b9ZXnnW0ArmkHWNdfT4Vt9p9vZ-qfPn6t4Ih5v.mk7liAHjjjyZVsCJo3ryvfbwfUt9k8Ctvry5dg5eZZ0zKPT-muxgXHwQZWSwPYACus6eetZ1yA==', TRUE);
INSERT INTO repository VALUES ('57679b20-8313-4ba7-91cb-cc05e8e9bb8d', 'b5a62b95-f0e7-4963-977b-eb9872569bdc', 'backups/db', 'password', 'v1.f20404bdbd35d377.U7SeiHKbRUm5PM3jIY7fxXmhDNMDuMm0hAl0M4bQOWNgrJzlbOKSbtmVBDBYkaS88h0udSpty-s8QFnr.i_k2LBZ6UrvqDHK6rHVf1IS4sKJw-7YKx5xapKweD8WhEEyXXyiVlhSPTMtTRhk=', FALSE, '2026-11-28T01:49:32.899580', 'admin');
INSERT INTO audit_book VALUES ('fdcc488f1773820eaba0d35292c8be34', 7, 'bfa095fd31af4c7524f6ba6c83cd47c9f66f41492b378875da4cee181158ad37', 0, '', '', TRUE);
INSERT INTO audit VALUES ('fdcc488f1773820eaba0d35292c8be34', 1, '2026-11-28T01:49:32.833283', 'admin', 'background', 'add', 'account', 'e9efcc30-665f-45aa-8dd6-12b382a60f2f', 'admin', 'ok', '{}', '902a28666effea7fcc5ff31a8ae628ddad49db1ae500f5b320f3cb1821dbdf21', '9892d6e51c4d072e0c72f732e80f4efaec035ddfb2dfdb2054724cf6ed46d252');
INSERT INTO audit VALUES ('fdcc488f1773820eaba0d35292c8be34', 2, '2026-11-28T01:49:32.855896', 'admin', 'background', 'add', 'credential', 'b5a62b95-f0e7-4963-977b-eb9872569bdc', 'Nightly ü ''€''', 'ok', '{"provider": "S3"}', '3cbd1dacefd0d9e18d9725348a18372131d389528cec48c28e76582d30a58df2', '07087e4e00d977ef7ee52166b913f9e37de5cb85c558dfbc517a9d16a47eb7d6');
INSERT INTO audit VALUES ('fdcc488f1773820eaba0d35292c8be34', 3, '2026-11-28T01:49:32.862365', 'the server', 'background', 'verification', 'credential', 'b5a62b95-f0e7-4963-977b-eb9872569bdc', 'Nightly ü ''€''', 'ok', '{"state": "valid", "before": "not verified"}', 'a7f758b6e86d3b1ec52b32f3cff089cbc85746126b810bdf2fa32bcb1739e898', 'ed316a31db39a8a98fdb205ca94e18f2751cdb59ff8ee8a2d6fa9262cd45c171');
INSERT INTO audit VALUES ('fdcc488f1773820eaba0d35292c8be34', 4, '2026-11-28T01:49:32.877423', 'the server', 'background', 'verification', 'credential', 'b5a62b95-f0e7-4963-977b-eb9872569bdc', 'Nightly ü ''€''', 'failed', '{"state": "invalid", "before": "valid"}', 'f55396d09eec86aeeccf069659cdf2bc91a2bb7db662046ae85bee005fc92f39', '942df25dc01725108d2bb3d134811ae661e6baa95ce1a0ff1cd25deabf3fe834');
INSERT INTO audit VALUES ('fdcc488f1773820eaba0d35292c8be34', 5, '2026-11-28T01:49:32.878767', 'the server', 'background', 'add', 'API token', 'd15194a497a6', 'A program', 'ok', '{"scopes": "read"}', 'fa301b78629fcb0eb659dd2669f035fcc278e23de4fac124f77678a643abc7cf', '2553da1e208a24405f5e87932417090ceb849b4eb87747119d7714f5291dcae4');
INSERT INTO audit VALUES ('fdcc488f1773820eaba0d35292c8be34', 6, '2026-11-28T01:49:32.884992', 'admin', 'background', 'add', 'credential', '7de12c89-dbc6-471a-adb0-25f196fd0bee', 'Never checked', 'ok', '{"provider": "B2"}', 'adbe9f557b616bae5ccfd77c8840710c1092a88df1d451031ab0322fbafa40a2', '4007d2b02e84504873785abb99defdc3f6baae57c145e42d06e6822c54e2b703');
INSERT INTO audit VALUES ('fdcc488f1773820eaba0d35292c8be34', 7, '2026-11-28T01:49:32.899827', 'admin', 'background', 'add', 'repository', 'b5a62b95-f0e7-4963-977b-eb9872569bdc', 'backups/db', 'ok', '{"secret": "password", "kept": "given"}', 'bfa095fd31af4c7524f6ba6c83cd47c9f66f41492b378875da4cee181158ad37', '0de1903fd98ad3359ad10cc6a7f0cae5e26fbcc8273cd4c2449b4f70dcdd9e09');
INSERT INTO api_token VALUES ('d15194a497a6570bb43473c7f0d07600649b4f123ed0706afd830a2ed414e611', 'A program', 'a program', 'read', '2026-11-28T01:49:32.878480', 'admin', '2036-12-05T01:49:32.878480', '');
