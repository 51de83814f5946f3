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
CREATE TABLE master_key (id VARCHAR(64) PRIMARY KEY, proof TEXT NOT NULL, created TEXT NOT NULL);
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
INSERT INTO migration VALUES (1, 'initial', '2026-11-25T01:32:14.150940');
INSERT INTO credential VALUES ('eae2586f-a7cf-445a-82d3-b3087d3dbd68', 'Nightly ü ''€''', 'nightly ü ''€''', 'S3', 'v1.f20404bdbd35d377.gWK4-jU5YWQHkwpybe5OuSjulVl8cN51utXQfBSS4WiiGGDHUvCCwYN1j3i7IoKgBTQcjBlQej3sbEwf.fOLuYVM5CACfZuD9X4yxIALRt_ijjoomY_2KonTHG01h3_7t76RAwP9tmkaLlyKyugRRnu_MEPtFW4YrNrAIQUPkHPE1jTzGa13BceMqsFrdV3sP0yfWa1Oes4B3ICCHELNCYqWb0ctKpYQ0lwX0EEfXUeMvYshCDm_cZeK5-GZAPvMbzTsJhmvpmvYGtgHElg==', 1, 1, '2026-11-25T01:32:16.778089', '2026-11-25T01:32:16.778089', 'admin', '{"secret_access_key": "2026-11-25T01:32:16.778089"}', 'invalid', '2026-11-25T01:32:16.940284', 'valid', '2026-11-25T01:32:16.940284', FALSE, 'v1.f20404bdbd35d377.xHzbrtKTu1qsbWS-Hm4tKAdYbc6EmUKZpPb3ChQPO7-MpDOJFKribnSOM2D0elzc1XcfddWZn9fkDeXX.cIYSgtbIlRVpc3AZjcL5SnbzqZ937OyO6v8fb1q3ZR-IbpqMWnEqE2mcQ3dhEygJ1j0Oy0M5cxy1hG0kvZUSlGWMrT9L8mM=');
INSERT INTO credential VALUES ('50103e0e-a968-4164-9924-5619f5b0ec65', 'Never checked', 'never checked', 'B2', 'v1.f20404bdbd35d377.bzUWa_nfwAffCRTm77W4KKafuY7PObIEgwKPHMq0SVlbV2kCFkfnryq3JDnZQqYSDb0Q9T-dLXtwgDuH.nBNAokXh8QKQuivwk2vCB5Qx402FuVMQNZvtbE-cj3JY7oPY2oY1SlYbD4s0hnqb8Y7_w5-nN-OeJOg1KmKJB0vwCa0rKRhNJS_L', 1, 1, '2026-11-25T01:32:16.954499', '2026-11-25T01:32:16.954499', 'admin', '{"key": "2026-11-25T01:32:16.954499"}', '', '', '', '', TRUE, '');
INSERT INTO master_key VALUES ('f20404bdbd35d377', 'v1.f20404bdbd35d377.II_DkGXBe2dWrpgFsfXxLPFsssK86_ccRZqnKaUQILMJPKGZhSYJ04kRa0P0fqTj8QQ7UMMtGmmY1Dbo.6TaTFoKNSxgtt_b5EYThTziJYHUT4RQ3Qa6uh0pp1oUnt-lvgwTbenRn337jLQ==', '2026-11-25T01:32:14.168412');
INSERT INTO account VALUES ('5a64cea1-9416-444f-9ead-6c1acfbdf0a5', 'admin', 'admin', '$argon2id$v=19$m=65536,t=3,p=4$qjeBKrFEzgEdWtXvQMEBdg$e2oFxKZAxBNxr2QmjhhjVHF1qRuEv8fMVaxE9ZqiWxs', '2026-11-25T01:32:14.178685');
INSERT INTO session VALUES ('abebe642c76f575bde29d1c064bcec28f05006b026d87964abcbb19a09e6a836', '5a64cea1-9416-444f-9ead-6c1acfbdf0a5', '2026-11-25T01:32:16.760869', '2026-11-25T01:32:16.760869', 'a browser', '127.0.0.1');
INSERT INTO value VALUES ('made-up:open', '{"a": 1}', FALSE);
INSERT INTO value VALUES ('made-up:sealed', 'v1.f20404bdbd35d377.96HEMBv6DcpuPaG6T1aSp5YftTEOZOFcj9NoqloX_8YqJk3ARbECpZLgne7BqKtv0qaajVEC0E-cWd_i.L7c6sMiupgV3q0OEr5bk7Xsad9lZMoJPDsXOfwf7QzydErdmr9xveXLkGY8BxtBZUyIFKFu-5g==', TRUE);
