//! Time to read and write the messages of the routing path, by serializer and size of the payload.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use crossbar_wire::{
    Call, Event, Format, Message, Payload, PublicationId, RequestId, SubscriptionId, Text, Value,
};

criterion_main!(benches);
criterion_group!(benches, decode, encode, transcode);

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    for (format, name) in FORMATS {
        for (size, payload) in payloads(format) {
            for (kind, message) in [("call", call(&payload)), ("event", event(&payload))] {
                let frame = Bytes::from(encoded(&message, format));
                group.throughput(Throughput::Bytes(frame.len().try_into().unwrap()));
                group.bench_function(format!("{kind}/{name}/{size}"), |bencher| {
                    bencher.iter(|| Message::decode(format, black_box(&frame)).unwrap());
                });
            }
        }
    }
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    for (format, name) in FORMATS {
        for (size, payload) in payloads(format) {
            for (kind, message) in [("call", call(&payload)), ("event", event(&payload))] {
                let mut out = Vec::with_capacity(8192);
                group.bench_function(format!("{kind}/{name}/{size}"), |bencher| {
                    bencher.iter(|| {
                        out.clear();
                        black_box(&message).encode(format, &mut out).unwrap();
                        out.len()
                    });
                });
            }
        }
    }
}

fn transcode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("transcode");
    for (from, from_name) in FORMATS {
        for (to, to_name) in FORMATS.into_iter().filter(|(to, _)| *to != from) {
            for (size, payload) in payloads(from) {
                group.throughput(Throughput::Bytes(payload.len().try_into().unwrap()));
                group.bench_function(format!("{from_name}/{to_name}/{size}"), |bencher| {
                    bencher.iter_batched(
                        || payload.clone(),
                        |payload| payload.transcode(to).unwrap(),
                        BatchSize::SmallInput,
                    );
                });
            }
        }
    }
}

const FORMATS: [(Format, &str); 4] = [
    (Format::Json, "json"),
    (Format::MsgPack, "msgpack"),
    (Format::Cbor, "cbor"),
    (Format::Bjdata, "ubjson"),
];

/// A text of 32 octets; 4 KiB of text; 4 KiB of a list of dictionaries with numbers and short texts.
fn payloads(format: Format) -> [(&'static str, Payload); 3] {
    let text = |size| Payload::new(format, &["x".repeat(size).into()], &[]).unwrap();
    let row = |number: u32| {
        Value::from(vec![
            ("id".to_owned(), Value::from(number)),
            ("name".to_owned(), format!("item number {number}").into()),
            ("price".to_owned(), Value::from(f64::from(number) + 0.25)),
            ("sold".to_owned(), Value::from(number.is_multiple_of(2))),
        ])
    };
    let rows: Vec<Value> = (1000..1064).map(row).collect();
    let rows = Payload::new(format, &[rows.into()], &[]).unwrap();
    [("32", text(32)), ("4k", text(4096)), ("4k-rows", rows)]
}

fn call(payload: &Payload) -> Message {
    Message::Call(Call {
        request: RequestId::new(70_000).unwrap(),
        receive_progress: None,
        progress: None,
        timeout: None,
        disclose_me: None,
        caller: None,
        passthru: None,
        procedure: Text::from("com.example.backend.echo"),
        payload: payload.clone(),
    })
}

fn event(payload: &Payload) -> Message {
    Message::Event(Event {
        subscription: SubscriptionId::new(9_823_526).unwrap(),
        publication: PublicationId::new(1_122_334_455_667_788).unwrap(),
        publisher: None,
        topic: None,
        trustlevel: None,
        retained: None,
        acknowledged_delivery: None,
        passthru: None,
        payload: payload.clone(),
    })
}

fn encoded(message: &Message, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    message.encode(format, &mut out).unwrap();
    out
}
