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
INSERT INTO migration VALUES (1, 'initial', '2026-11-28T02:43:32.444900');
INSERT INTO migration VALUES (3, 'repositories', '2026-11-28T02:43:32.445017');
INSERT INTO migration VALUES (4, 'ssh', '2026-11-28T02:43:32.445266');
INSERT INTO migration VALUES (5, 'logins', '2026-11-28T02:43:32.448733');
INSERT INTO migration VALUES (6, 'audit', '2026-11-28T02:43:32.456823');
INSERT INTO migration VALUES (7, 'cluster', '2026-11-28T02:43:32.457226');
INSERT INTO migration VALUES (8, 'API tokens', '2026-11-28T02:43:32.457298');
INSERT INTO credential VALUES ('05903bc8-6060-4b03-b6cb-1f8d5a0165c3', 'Nightly ü ''€''', 'nightly ü ''€''', 'S3', 'v1.f20404bdbd35d377.DSda1TiI7TazJEyYiJE9hrcfVO0VK5QJtKOSQ1saCZndh2bt3B_Ki-KPTFOfKdOfSPepOpjME378VX01.3iZQ4rq5E422az24_vESPQh-Jlg6gFm6T7y9GiBIa5VMK1Y5k-O29NHCz9UdExzMcAoonJzOUKKmY_v77RThedUR-mLfwOCcJgEVrE8hOFZPm64UslC3VOdE4Wi7muZdCWZb3aZZS25H0M_-mVBEMl9DMhAkCqQHB6WEF9AataKenqiSv4Gp2CwzibnxXUktLw==', 1, 1, '2026-11-28T02:43:34.504133', '2026-11-28T02:43:34.504133', 'admin', '{"secret_access_key": "2026-11-28T02:43:34.504133"}', 'invalid', '2026-11-28T02:43:34.512950', 'valid', '2026-11-28T02:43:34.512950', FALSE, 'v1.f20404bdbd35d377.nAOrNMSkhXOVCVPA9rR749OjdCslo504wh0M-Z5VOPoxIwx61elieeWKDieUWx17WxNNT2VwwMH-bi0c.zI6VjOkrDFPXtUHOkWOt9JofWydbI9G9tsSzmM7DYFuekY_VmF3ZHkLBln6pQuv-xl2d3D4IeoQiEcrSo106s3iI9p0FdE0=');
INSERT INTO credential VALUES ('e9f03769-97b8-4baf-b691-9e7f6b571b4f', 'Never checked', 'never checked', 'B2', 'v1.f20404bdbd35d377.fmc6mHkBWTRhXpfaHL4pqfV7aD9-eV6p40tDPSX_0SN9GpdgbPxcaqBXATApXYK0N9t7o11dX-avx5Tv.Y2ppngMpLE4EeRKT4xGCyJEURlYefg39jv-qQ-k89leWlTN5-FduMrb5lOuCzYaUhyVcQnvuLtvcVJtNbOmJ5BMXh0mMQ9XTqk4_', 1, 1, '2026-11-28T02:43:34.528526', '2026-11-28T02:43:34.528526', 'admin', '{"key": "2026-11-28T02:43:34.528526"}', '', '', '', '', TRUE, '');
INSERT INTO master_key VALUES ('f20404bdbd35d377', 'v1.f20404bdbd35d377.LQfjHgUoqAOWvem66RaRvVokbQ-z_0_SvFYDA0pHpTQqI3TFLT_oD689LPW2qmBidl8ef705urvJAaKq.OdNl-zO9d9PxdPiAMpn2OOrLkdT_vLjdIVOLqBaj6Ci3OkMPWEnZwxlwk1WDzw==', '2026-11-28T02:43:32.510440', FALSE, '');
INSERT INTO account VALUES ('a68c877a-9b63-4879-b0fc-d7556bed073c', 'admin', 'admin', '$argon2id$v=19$m=65536,t=3,p=4$iLMX3oSCfELyGMyIAX0ngw$QB016viqoV4ZbisU2woY1e/GSrjLTPqRoH5KXCvpW1k', '2026-11-28T02:43:32.550729');
INSERT INTO session VALUES ('e547c26839c714aaf7ffa374e58abe7723de1fc75e2b7021c31712732fbc13e8', 'a68c877a-9b63-4879-b0fc-d7556bed073c', '2026-11-28T02:43:34.459805', '2026-11-28T02:43:34.459805', 'a browser', '127.0.0.1');
INSERT INTO value VALUES ('audit-key:e4fe4ed86ab83feaa94e84596e7fcac9', 'v1.f20404bdbd35d377.bePcmHqmhhoHjbMtTbYbiYMx3oaaQHdTK_i1kdyx7IpdSy0dK2_XcYH_pBh9E9Jm3vfv3CE6mHkEfUHK.waoyFKj2e83ok4OBaa1w6Ype9Jhl60MmFki1cyoa8nJV6qdcY5Vutcw5vfC_Wlqn_m6xrRcMJgl_3xudqR_NpypY1ORSgLgvr0YtqFqqNmIVDcbKx3Sdtt-fXlkMGg==', TRUE);
INSERT INTO value VALUES ('made-up:open', '{"a": 1}', FALSE);
INSERT INTO value VALUES ('made-up:sealed', 'v1.f20404bdbd35d377.dRoKMN7BWQ1t-UgkDUfWhv_l0q25e83_c5TMotZjTvm91FSHHy5E6ab401JUUURle-uORGr0F4ilofIm.MONrjj2TUKKpRnDtLauAt2IlWc09xQ1X4GyRl5N20hv8I1iI9Klmb9DIIWTbZPuLpLm25UukvQ==', TRUE);
INSERT INTO repository VALUES ('84ba5e9f-5387-4018-8f51-997fbb5c770a', '05903bc8-6060-4b03-b6cb-1f8d5a0165c3', 'backups/db', 'password', 'v1.f20404bdbd35d377.HKXjHFSc-sDlsZE8MMm5CLqmvtR4EQX-7VvB6s3afxbceV1SRYXwvS2ksbiiyxrSCrAPVN_41loBdtdG.buceZMlTkN9joio8a_uD0Og4YT0dHmhdEPp9wkv7rBOkRKArj-oy0RRLtoqLRR0=', FALSE, '2026-11-28T02:43:34.536099', 'admin');
INSERT INTO audit_book VALUES ('e4fe4ed86ab83feaa94e84596e7fcac9', 7, '6bd983ad1fab30b99692528fee4cd47a0b62323f48c04e10a94d804fbcff05c8', 0, '', '', TRUE);
INSERT INTO audit VALUES ('e4fe4ed86ab83feaa94e84596e7fcac9', 1, '2026-11-28T02:43:34.450492', 'admin', 'background', 'add', 'account', 'a68c877a-9b63-4879-b0fc-d7556bed073c', 'admin', 'ok', '{}', 'ff8fec198e3100629fc9471fcd80756a1ba76a222273cb4b1254d6b4dfbe6f67', '44afddfc53e61388ee6fab57c56d6637e51bfc6fe5ede88bb4c9dfd81215f367');
INSERT INTO audit VALUES ('e4fe4ed86ab83feaa94e84596e7fcac9', 2, '2026-11-28T02:43:34.505260', 'admin', 'background', 'add', 'credential', '05903bc8-6060-4b03-b6cb-1f8d5a0165c3', 'Nightly ü ''€''', 'ok', '{"provider": "S3"}', 'c6f79aadaf7284f0290fe186108b156b78b9eada26ef53391315f1d26df01635', 'f52e1f9a7de10584fc8b83752e18f5c3f27aaa4fcb799ba5d0565969df1f7681');
INSERT INTO audit VALUES ('e4fe4ed86ab83feaa94e84596e7fcac9', 3, '2026-11-28T02:43:34.509907', 'the server', 'background', 'verification', 'credential', '05903bc8-6060-4b03-b6cb-1f8d5a0165c3', 'Nightly ü ''€''', 'ok', '{"state": "valid", "before": "not verified"}', 'a3aef7c4771b2b4efb770e900e8930229439cbc6487c5a0a8b1bebc69e9d4e58', '03f48096652e6080c44bf4af6ce665bb66f49f84036cf6e51f6575ca18c72609');
INSERT INTO audit VALUES ('e4fe4ed86ab83feaa94e84596e7fcac9', 4, '2026-11-28T02:43:34.513370', 'the server', 'background', 'verification', 'credential', '05903bc8-6060-4b03-b6cb-1f8d5a0165c3', 'Nightly ü ''€''', 'failed', '{"state": "invalid", "before": "valid"}', '5be1b66ef0457497010c0c74d5bba8371225fac5d3375f361813493e3c5d43f5', '57f08c55856db3f46bc7d57d1a26097aa78a77b48e5ca14f48df6847f94f1f56');
INSERT INTO audit VALUES ('e4fe4ed86ab83feaa94e84596e7fcac9', 5, '2026-11-28T02:43:34.524349', 'the server', 'background', 'add', 'API token', 'e2025ec3ff95', 'A program', 'ok', '{"scopes": "read"}', '70364575794733ae3272a7b210e0ce2c676a7f1b455ba3cee0eacb157bd00b34', 'c62f8ff9c00056fd9a08ec9bf07d03da6a8d485d1f8ac9980f5c8e3816c3b233');
INSERT INTO audit VALUES ('e4fe4ed86ab83feaa94e84596e7fcac9', 6, '2026-11-28T02:43:34.530119', 'admin', 'background', 'add', 'credential', 'e9f03769-97b8-4baf-b691-9e7f6b571b4f', 'Never checked', 'ok', '{"provider": "B2"}', 'f716e7649c28c36b4ac83a8dee4a78920e0d1d8019c7d654ae82cdf9a7e91972', '20f5353620bab7598ff32b8ba6f8eb4faf445aa3c69e9e4069f7a8d547e5695b');
INSERT INTO audit VALUES ('e4fe4ed86ab83feaa94e84596e7fcac9', 7, '2026-11-28T02:43:34.536955', 'admin', 'background', 'add', 'repository', '05903bc8-6060-4b03-b6cb-1f8d5a0165c3', 'backups/db', 'ok', '{"secret": "password", "kept": "given"}', '6bd983ad1fab30b99692528fee4cd47a0b62323f48c04e10a94d804fbcff05c8', '24ea471f1d97162a0eaccd6cf594afd883a3a8f1169f1e04a628570b5c9a8f89');
INSERT INTO api_token VALUES ('e2025ec3ff956cdf0837b1aa9b632090bfc0b3f578056813e2dccfe92dd3f04e', 'A program', 'a program', 'read', '2026-11-28T02:43:34.523365', 'admin', '2036-12-05T02:43:34.523365', '');
