//! Tokens of RFC 7515, RFC 7519 and RFC 8037, and what attackers make of tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crossbar_wire::Value;
use crossbar_wire::jwt::{Algorithm, Key, KeyError, KeySet, MAX_TOKEN, Token, TokenError};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

/// RFC 7515, A.1; RFC 7519, 3.1.
const HS256: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const HS256_KEY: &str = r#"{"kty": "oct", "k":
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;

/// RFC 7515, A.2.
const RS256: &str = "eyJhbGciOiJSUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdb\
    F9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383\
    LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWy\
    wlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const RS256_KEY: &str = r#"{"kty": "RSA", "e": "AQAB", "n":
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#;

/// RFC 7515, A.3.
const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const ES256_KEY: &str = r#"{"kty": "EC", "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

/// RFC 8037, A.4; what is signed there is no JSON.
const EDDSA: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
    hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
const EDDSA_KEY: &str =
    r#"{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// RFC 7519, 6.1.
const UNSECURED: &str = "eyJhbGciOiJub25lIn0.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";

fn set(keys: &[&str]) -> KeySet {
    let json = format!(r#"{{"keys": [{}]}}"#, keys.join(", "));
    KeySet::from_json(json.as_bytes(), true).unwrap()
}

fn verify(token: &str, keys: &KeySet) -> Result<Value, TokenError> {
    Token::parse(token.as_bytes())?.verify(keys, &Algorithm::ALL)
}

fn encode(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

/// Signs with HMAC-SHA256.
fn hs256(secret: &[u8], header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const HEADER: &str = r#"{"alg": "HS256"}"#;

#[test]
fn the_examples_of_the_rfcs_are_believed() {
    for (token, key) in [(HS256, HS256_KEY), (RS256, RS256_KEY), (ES256, ES256_KEY)] {
        let claims = verify(token, &set(&[key])).unwrap();
        assert_eq!(claims.get("iss").and_then(Value::as_str), Some("joe"));
        assert_eq!(
            claims.get("exp").and_then(Value::as_u64),
            Some(1_300_819_380)
        );
        assert_eq!(
            claims.get("http://example.com/is_root"),
            Some(&Value::Bool(true))
        );
        // of several keys without an id, too
        let all = set(&[HS256_KEY, RS256_KEY, ES256_KEY, EDDSA_KEY]);
        assert_eq!(verify(token, &all), Ok(claims));
    }
    // The signature is right, or else it would be that.
    let eddsa = verify(EDDSA, &set(&[EDDSA_KEY]));
    assert_eq!(eddsa, Err(TokenError::Malformed));
    let mut tampered = EDDSA.to_owned();
    tampered.replace_range(24..25, "Y");
    assert_eq!(
        verify(&tampered, &set(&[EDDSA_KEY])),
        Err(TokenError::Signature)
    );
}

#[test]
fn p_384_is_verified() {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P384_SHA384_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(48);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let key = format!(r#"{{"kty": "EC", "crv": "P-384", "x": "{x}", "y": "{y}"}}"#);
    let signed = format!(
        "{}.{}",
        encode(r#"{"alg": "ES384"}"#),
        encode(r#"{"sub": "a"}"#)
    );
    let signature = pair.sign(&random, signed.as_bytes()).unwrap();
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    assert!(verify(&token, &set(&[&key])).is_ok());
    let other = token.replacen(&encode(r#"{"sub": "a"}"#), &encode(r#"{"sub": "b"}"#), 1);
    assert_eq!(verify(&other, &set(&[&key])), Err(TokenError::Signature));
    // The same key by another algorithm's name.
    let other = token.replacen(
        &encode(r#"{"alg": "ES384"}"#),
        &encode(r#"{"alg": "ES256"}"#),
        1,
    );
    assert_eq!(verify(&other, &set(&[&key])), Err(TokenError::UnknownKey));
}

/// Headers and claims that are signed with the right secret, and why they are refused.
const SIGNED: [(&str, &str, TokenError); 9] = [
    (r#"{"alg": "None"}"#, "{}", TokenError::Algorithm),
    ("{}", "{}", TokenError::Algorithm),
    (r#"{"alg": "RS256"}"#, "{}", TokenError::UnknownKey),
    (
        r#"{"alg": "HS256", "crit": ["exp"], "exp": 1}"#,
        "{}",
        TokenError::Critical,
    ),
    (
        r#"{"alg": "none", "alg": "HS256"}"#,
        "{}",
        TokenError::Duplicate,
    ),
    (r#"{"alg": "HS256", "kid": 1}"#, "{}", TokenError::Malformed),
    (
        HEADER,
        r#"{"sub": "a", "sub": "admin"}"#,
        TokenError::Duplicate,
    ),
    (
        HEADER,
        r#"{"a": [{"b": 1, "b": 2}]}"#,
        TokenError::Duplicate,
    ),
    (HEADER, "[]", TokenError::Malformed),
];

#[test]
fn what_a_key_bears_out_may_still_be_refused() {
    let secret = KeySet::one(Key::secret(SECRET));
    for (header, claims, error) in SIGNED {
        let token = hs256(SECRET, header, claims);
        assert_eq!(verify(&token, &secret), Err(error), "{header} {claims}");
    }
    let long = format!(r#"{{"sub": "{}"}}"#, "x".repeat(MAX_TOKEN));
    let deep = format!(r#"{{"a": {}"#, "[".repeat(5000));
    for (claims, error) in [
        (long.as_str(), TokenError::TooLong),
        (&deep, TokenError::Malformed),
        ("{", TokenError::Malformed),
    ] {
        assert_eq!(verify(&hs256(SECRET, HEADER, claims), &secret), Err(error));
    }
}

#[test]
fn attackers_tokens_are_refused() {
    let public = set(&[RS256_KEY]);
    let secret = KeySet::one(Key::secret(SECRET));
    let claims = r#"{"sub": "admin"}"#;
    let good = hs256(SECRET, HEADER, claims);
    assert!(verify(&good, &secret).is_ok());
    assert_eq!(verify(UNSECURED, &public), Err(TokenError::Algorithm));
    // The public key as a secret.
    let modulus = RS256_KEY.split('"').nth(11).unwrap();
    let modulus = URL_SAFE_NO_PAD.decode(modulus).unwrap();
    let confused = hs256(&modulus, HEADER, claims);
    assert_eq!(verify(&confused, &public), Err(TokenError::UnknownKey));
    let other = hs256(b"another secret of thirty-two bytes", HEADER, claims);
    let unsigned = format!("{}.{}.", encode(HEADER), encode(claims));
    let tampered = good.replacen(&encode(claims), &encode("{}"), 1);
    for token in [other, unsigned, tampered] {
        let error = verify(&token, &secret);
        assert_eq!(error, Err(TokenError::Signature), "{token}");
    }
    let more = format!("{good}.a.b");
    let padded = format!("{good}=");
    for token in ["", "..", ".", "a.b", "a.b.c", &more, &padded] {
        let error = verify(token, &secret);
        assert_eq!(error, Err(TokenError::Malformed), "{token}");
    }
}

#[test]
fn an_algorithm_that_is_not_allowed_is_refused() {
    let token = Token::parse(RS256.as_bytes()).unwrap();
    let keys = set(&[RS256_KEY]);
    let error = token.verify(&keys, &[Algorithm::Ps256, Algorithm::Es256]);
    assert_eq!(error, Err(TokenError::NotAllowed));
    assert!(token.verify(&keys, &[Algorithm::Rs256]).is_ok());
}

#[test]
fn secrets_are_as_long_as_the_hash() {
    let token = hs256(&SECRET[..31], HEADER, "{}");
    let keys = KeySet::one(Key::secret(&SECRET[..31]));
    assert_eq!(verify(&token, &keys), Err(TokenError::UnknownKey));
}

#[test]
fn a_tokens_kid_chooses_the_key() {
    let key = |kid: &str, secret: &[u8]| {
        let k = URL_SAFE_NO_PAD.encode(secret);
        format!(r#"{{"kty": "oct", "kid": "{kid}", "k": "{k}"}}"#)
    };
    let other = b"another secret of thirty-two bytes";
    let keys = set(&[&key("a", SECRET), &key("b", other)]);
    assert!(keys.has("a") && !keys.has("c"));
    let token = |kid: &str| {
        let header = format!(r#"{{"alg": "HS256", "kid": "{kid}"}}"#);
        hs256(SECRET, &header, "{}")
    };
    assert_eq!(
        Token::parse(token("a").as_bytes()).unwrap().kid(),
        Some("a")
    );
    assert!(verify(&token("a"), &keys).is_ok());
    assert_eq!(verify(&token("b"), &keys), Err(TokenError::Signature));
    assert_eq!(verify(&token("c"), &keys), Err(TokenError::UnknownKey));
    assert!(verify(&hs256(SECRET, HEADER, "{}"), &keys).is_ok());
}

#[test]
fn what_a_set_has_that_cannot_be_used_is_left_out() {
    let json = |keys: &[&str]| format!(r#"{{"keys": [{}]}}"#, keys.join(", "));
    let read =
        |keys: &[&str]| KeySet::from_json(json(keys).as_bytes(), false).map(|keys| keys.len());
    let encrypting = RS256_KEY.replacen('{', r#"{"use": "enc", "#, 1);
    let signing = RS256_KEY.replacen('{', r#"{"use": "sig", "key_ops": ["verify"], "#, 1);
    let wrapping = RS256_KEY.replacen('{', r#"{"key_ops": ["wrapKey"], "#, 1);
    let short = r#"{"kty": "RSA", "n": "AQAB", "e": "AQAB"}"#;
    let unknown = r#"{"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}"#;
    assert_eq!(
        read(&[&encrypting, &signing, &wrapping, short, unknown, "{}", "1"]),
        Ok(1)
    );
    // A secret in a published set is none.
    assert_eq!(read(&[HS256_KEY]), Err(KeyError::Empty));
    assert_eq!(read(&[HS256_KEY, ES256_KEY, EDDSA_KEY]), Ok(2));
    assert_eq!(read(&["1"; 257]), Err(KeyError::TooMany));
    for no_set in ["", "[]", r#"{"keys": {}}"#, r#"{"keys": [], "keys": []}"#] {
        let error = KeySet::from_json(no_set.as_bytes(), true).unwrap_err();
        assert_eq!(error, KeyError::NotASet, "{no_set}");
    }
    // alg binds a key to one algorithm
    let bound = RS256_KEY.replacen('{', r#"{"alg": "RS512", "#, 1);
    assert_eq!(verify(RS256, &set(&[&bound])), Err(TokenError::UnknownKey));
    let bound = RS256_KEY.replacen('{', r#"{"alg": "RS256", "#, 1);
    assert!(verify(RS256, &set(&[&bound])).is_ok());
}

#[test]
fn keys_are_read_from_pem() {
    for (pem, error) in [
        (RSA_PEM, None),
        (P256_PEM, None),
        (ED25519_PEM, None),
        (X25519_PEM, Some(KeyError::Kind)),
        ("", Some(KeyError::Pem)),
        (
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            Some(KeyError::Private),
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            Some(KeyError::Certificate),
        ),
        (
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            Some(KeyError::Malformed),
        ),
    ] {
        assert_eq!(Key::pem(pem).err(), error, "{pem}");
    }
    let keys = KeySet::one(Key::pem(RSA_PEM).unwrap());
    assert!(verify(RS256, &keys).is_ok());
    let keys = KeySet::one(Key::pem(P256_PEM).unwrap());
    assert!(verify(ES256, &keys).is_ok());
    let confused = hs256(RSA_PEM.as_bytes(), HEADER, "{}");
    let keys = KeySet::one(Key::pem(RSA_PEM).unwrap());
    assert_eq!(verify(&confused, &keys), Err(TokenError::UnknownKey));
}

#[test]
fn keys_do_not_show_their_secrets() {
    let shown = format!("{:?}", KeySet::one(Key::secret(b"hush hush")));
    assert!(!shown.contains("hush") && !shown.contains("104"), "{shown}");
}

const RSA_PEM: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n\
NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n\
P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n\
9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n\
EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n\
FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n\
oQIDAQAB\n\
-----END PUBLIC KEY-----\n";

const P256_PEM: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n\
6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n\
-----END PUBLIC KEY-----\n";

const ED25519_PEM: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
-----END PUBLIC KEY-----\n";

const X25519_PEM: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MCowBQYDK2VuAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
-----END PUBLIC KEY-----\n";
