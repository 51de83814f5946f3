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
INSERT INTO migration VALUES (1, 'initial', '2026-11-25T02:01:48.930025');
INSERT INTO migration VALUES (3, 'repositories', '2026-11-25T02:01:48.930198');
INSERT INTO migration VALUES (4, 'ssh', '2026-11-25T02:01:48.930650');
INSERT INTO migration VALUES (5, 'logins', '2026-11-25T02:01:48.931007');
INSERT INTO migration VALUES (6, 'audit', '2026-11-25T02:01:48.931933');
INSERT INTO migration VALUES (7, 'cluster', '2026-11-25T02:01:48.960855');
INSERT INTO credential VALUES ('3d21d7de-68dd-4ba9-a93f-893d76cb2f46', 'Nightly ü ''€''', 'nightly ü ''€''', 'S3', 'v1.f20404bdbd35d377.H5ThyREPdKvhSVGU62pNcQvOuzwE9hpcI8fQWpPDsZVcBLnb4CErWDXVleJuIBTrZNOsGObhPPqsBUul.1IxUerWs7i1tosdB-cnKRgL8kAOB9bzEb27QwOuSTjkd5U5JKj8B6rd9jjTcl08OsL5TRpfP3JbmnhaWOaInKeykCxbvYx-4YrID0xVI7BTIP0Tl2Q0TAR3vzPjYTUcPWfdt1Q6v8Kr8mTU3rOFAAexArPffVoExuWmSHU1U4aiUuOlR000SojGBN194MK6ucg==', 1, 1, '2026-11-25T02:01:51.094941', '2026-11-25T02:01:51.094941', 'admin', '{"secret_access_key": "2026-11-25T02:01:51.094941"}', 'invalid', '2026-11-25T02:01:51.141426', 'valid', '2026-11-25T02:01:51.141426', FALSE, 'v1.f20404bdbd35d377.s0CaPToLzbpOYkbCfhILPqyc4ApfQoy2RtbxkynRJ8OlTXKxGKXDF-LMD5-WHIhQrf77Meas-sc023f1.c9VnJTOuYcIH4Rit9zAMXsOOogc0ihUwihfwPfSRCa62Sd7wRYEXl7EpUsqyUt4UU_Q2PHR0-IvPreE4SXa3V-YAcnD3ZgU=');
INSERT INTO credential VALUES ('db1394d6-4e95-445a-b7d3-16aa4b2e7038', 'Never checked', 'never checked', 'B2', 'v1.f20404bdbd35d377.66K9O7H6clc7-lUiqVnpoKiq_C4NHEmZPsa61ZmNRTPxWsbefGh7ZQU1rXuymMAklJV8Dc116H1Wn5MR.0m8I7LNELP9GJrJBDy4624CULZtzB2ePSpqYs5K5Kr_JkvSTmWn3nTLlC9i2EYdJAsDgpeWPcRu5DCzMuajlhQ8Xvx7k2ZXCUJUl', 1, 1, '2026-11-25T02:01:51.155905', '2026-11-25T02:01:51.155905', 'admin', '{"key": "2026-11-25T02:01:51.155905"}', '', '', '', '', TRUE, '');
INSERT INTO master_key VALUES ('f20404bdbd35d377', 'v1.f20404bdbd35d377.dFJtQTaugGOm2XszYvK8NzVqcyvL-CvqiUjP2OW7fIOcGsKZ9lk3X9ishq61GG_PuJmYeR4ZcpNCCKAA.nXMJ7B0MNsDPVAF-p6f7ytEqfzjWzfD5_GwDSxwy28wCY59UClKq2rgwlrsWxQ==', '2026-11-25T02:01:49.038964', FALSE, '');
INSERT INTO account VALUES ('d27fa165-bd09-4061-80d8-177570776e39', 'admin', 'admin', '$argon2id$v=19$m=65536,t=3,p=4$zAYtRgqoZOiw+JiFgB54Ng$yC+qTz1w6zRdjA33e8I2eq4h6KLnoaPKuKvBigTaO0Y', '2026-11-25T02:01:49.125485');
INSERT INTO session VALUES ('558f3c13162fa1f7125062b990e57c596b8c9835bd4e66bc306cb04402391ae2', 'd27fa165-bd09-4061-80d8-177570776e39', '2026-11-25T02:01:51.088577', '2026-11-25T02:01:51.088577', 'a browser', '127.0.0.1');
INSERT INTO value VALUES ('audit-key:72c3d0153b044dc66920b8c67ad3902e', 'v1.f20404bdbd35d377.bGFxAN4qRuJB2sJkpY5W9KVkkVvANgxkHO_yFZsUYMupig03ZjlCTPL9Dr-0WtogOUMUBqxiEO2vV4Ru.xIqx8InpDu7zxw2UenVoQmjNnY5GdizLH6VJu1M7qddYQbY0mEEL7YSO-Au5nzA9B_Rk-BC1eQa9-LQJKd_V_nOmoH6Pekh6XodfddMg2bU6MWcxZdMLOP82W8L4Fg==', TRUE);
INSERT INTO value VALUES ('made-up:open', '{"a": 1}', FALSE);
INSERT INTO value VALUES ('made-up:sealed', 'v1.f20404bdbd35d377.KUo2jVrvY_bDZXBHsmYRKaJErpJMsJ2Ff6xgz8IyydeQRXFl7Pj96sqmfsqWNHBHBlLSQAw9VnjT3w1W.Jsvn_8C3-4tzTMDSPNWzww4y666FGQPaKD0AvGoYM7BpB9Ik5WHX6NX8QuD5w01Uo-UdpQYlDg==', TRUE);
INSERT INTO repository VALUES ('9fcd3b15-0a82-4e14-bc6b-dbac44c93cea', '3d21d7de-68dd-4ba9-a93f-893d76cb2f46', 'backups/db', 'password', 'v1.f20404bdbd35d377.v7zFXQgDOH6ivS508WCBp1SOsvt31BX_O7vOsFI6S0zVjKeSonmHhqqVBUZd4nYFzl0hpJP3OxC8pm8M.dSyZzcdLRucBfyEpTKLBD4qhMFV1Uob6hFusYbIP5CymVmNE07wpHTHZCZlDEpw=', FALSE, '2026-11-25T02:01:51.193099', 'admin');
INSERT INTO audit_book VALUES ('72c3d0153b044dc66920b8c67ad3902e', 6, 'f8c92a7b3f7999c324fdfe398aec6a3bb35621d94c272e27beab96a42fbaa07e', 0, '', '', TRUE);
INSERT INTO audit VALUES ('72c3d0153b044dc66920b8c67ad3902e', 1, '2026-11-25T02:01:51.061888', 'admin', 'background', 'add', 'account', 'd27fa165-bd09-4061-80d8-177570776e39', 'admin', 'ok', '{}', 'c8bff5e490f2e880558bf3219da683ff39fd9581b1b275c8f7f136df8f5de2ff', 'b7cc84cb2e23f0f393b107766cf0d41d07d960e378d7a8d525196da9c216b903');
INSERT INTO audit VALUES ('72c3d0153b044dc66920b8c67ad3902e', 2, '2026-11-25T02:01:51.095817', 'admin', 'background', 'add', 'credential', '3d21d7de-68dd-4ba9-a93f-893d76cb2f46', 'Nightly ü ''€''', 'ok', '{"provider": "S3"}', '1683569a24f2a53eeca8e0c6032b6ac54d3c7559fb32874de68ccefb7f745806', 'cec1e1025a5a4796ede1de713a5d06cc178cc8f3c87fd709d85bc9c40668743c');
INSERT INTO audit VALUES ('72c3d0153b044dc66920b8c67ad3902e', 3, '2026-11-25T02:01:51.114698', 'the server', 'background', 'verification', 'credential', '3d21d7de-68dd-4ba9-a93f-893d76cb2f46', 'Nightly ü ''€''', 'ok', '{"state": "valid", "before": "not verified"}', '52fe937dec21232eeb72ecaf1b93b623f79f8d4df6d10aee5687bc8e739f3862', '43e513b2264a054fe9f82cd4f9926b23d0e0f733c69bd239d82a19f92511fbf4');
INSERT INTO audit VALUES ('72c3d0153b044dc66920b8c67ad3902e', 4, '2026-11-25T02:01:51.141962', 'the server', 'background', 'verification', 'credential', '3d21d7de-68dd-4ba9-a93f-893d76cb2f46', 'Nightly ü ''€''', 'failed', '{"state": "invalid", "before": "valid"}', '50efb8556a9b6309eb313c10aa29425a4449dd3e13407994cc33dbc5b4276cad', '31c0b00c2869f8eac2a3b05ca267ce83d8860d981b28f9aa60d99d25ff48cdda');
INSERT INTO audit VALUES ('72c3d0153b044dc66920b8c67ad3902e', 5, '2026-11-25T02:01:51.156635', 'admin', 'background', 'add', 'credential', 'db1394d6-4e95-445a-b7d3-16aa4b2e7038', 'Never checked', 'ok', '{"provider": "B2"}', 'f11cc4287e0b9e72a2380f14e27e172bef5f18ad3b67f714799b1440242df67f', '461c3b13c7100cd460e13085406b15d33df6db10f80f77291245631d722a5e87');
INSERT INTO audit VALUES ('72c3d0153b044dc66920b8c67ad3902e', 6, '2026-11-25T02:01:51.203227', 'admin', 'background', 'add', 'repository', '3d21d7de-68dd-4ba9-a93f-893d76cb2f46', 'backups/db', 'ok', '{"secret": "password", "kept": "given"}', 'f8c92a7b3f7999c324fdfe398aec6a3bb35621d94c272e27beab96a42fbaa07e', 'e62319782cd30b97a3d03b1316b959b6a873b66996387657284a6a9c4b990864');
