use serde::Serialize;
use serde::ser::{
    Error, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::{Dict, Value, ValueError};

/// Turns anything that serde can serialize into a value. `bytes` become binary; enums are named as serde's
/// externally tagged default has it.
///
/// # Errors
/// When the type's own `Serialize` fails, or a dictionary has a key that is not text.
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, ValueError> {
    value.serialize(ValueSerializer)
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => match (u64::try_from(*value), i64::try_from(*value)) {
                (Ok(value), _) => serializer.serialize_u64(value),
                (_, Ok(value)) => serializer.serialize_i64(value),
                _ => serializer.serialize_i128(*value),
            },
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Binary(value) => serializer.serialize_bytes(value),
            Self::List(list) => serializer.collect_seq(list),
            Self::Dict(dict) => serializer.collect_map(dict.iter().map(|(k, v)| (k, v))),
        }
    }
}

impl Error for ValueError {
    fn custom<T: std::fmt::Display>(text: T) -> Self {
        Self::new(text.to_string())
    }
}

struct ValueSerializer;

impl Serializer for ValueSerializer {
    type Ok = Value;
    type Error = ValueError;
    type SerializeSeq = ListBuilder;
    type SerializeTuple = ListBuilder;
    type SerializeTupleStruct = ListBuilder;
    type SerializeTupleVariant = ListBuilder;
    type SerializeMap = DictBuilder;
    type SerializeStruct = DictBuilder;
    type SerializeStructVariant = DictBuilder;

    fn serialize_bool(self, value: bool) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_i8(self, value: i8) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_i128(self, value: i128) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_u8(self, value: u8) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_f32(self, value: f32) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_char(self, value: char) -> Result<Value, ValueError> {
        Ok(Value::Text(value.into()))
    }

    fn serialize_str(self, value: &str) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_none(self) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, ValueError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Value, ValueError> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<Value, ValueError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, ValueError> {
        Ok(tagged(Some(variant), value.serialize(self)?))
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<ListBuilder, ValueError> {
        Ok(ListBuilder::default())
    }

    fn serialize_tuple(self, _length: usize) -> Result<ListBuilder, ValueError> {
        Ok(ListBuilder::default())
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<ListBuilder, ValueError> {
        Ok(ListBuilder::default())
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<ListBuilder, ValueError> {
        Ok(ListBuilder {
            variant: Some(variant),
            ..ListBuilder::default()
        })
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<DictBuilder, ValueError> {
        Ok(DictBuilder::default())
    }

    fn serialize_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<DictBuilder, ValueError> {
        Ok(DictBuilder::default())
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<DictBuilder, ValueError> {
        Ok(DictBuilder {
            variant: Some(variant),
            ..DictBuilder::default()
        })
    }
}

fn tagged(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(variant) => Value::Dict(vec![(variant.to_owned(), value)]),
        None => value,
    }
}

#[derive(Default)]
struct ListBuilder {
    variant: Option<&'static str>,
    list: Vec<Value>,
}

impl ListBuilder {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.list.push(to_value(value)?);
        Ok(())
    }

    fn finish(self) -> Value {
        tagged(self.variant, Value::List(self.list))
    }
}

#[derive(Default)]
struct DictBuilder {
    variant: Option<&'static str>,
    dict: Dict,
    key: Option<String>,
}

impl DictBuilder {
    fn push<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), ValueError> {
        self.dict.push((key.to_owned(), to_value(value)?));
        Ok(())
    }

    fn finish(self) -> Value {
        tagged(self.variant, Value::Dict(self.dict))
    }
}

macro_rules! list_builder {
    ($($part:ident :: $method:ident;)*) => {$(
        impl $part for ListBuilder {
            type Ok = Value;
            type Error = ValueError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
                self.push(value)
            }

            fn end(self) -> Result<Value, ValueError> {
                Ok(self.finish())
            }
        }
    )*};
}

list_builder! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

macro_rules! dict_builder {
    ($($part:ident;)*) => {$(
        impl $part for DictBuilder {
            type Ok = Value;
            type Error = ValueError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), ValueError> {
                self.push(key, value)
            }

            fn end(self) -> Result<Value, ValueError> {
                Ok(self.finish())
            }
        }
    )*};
}

dict_builder! {
    SerializeStruct;
    SerializeStructVariant;
}

impl SerializeMap for DictBuilder {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ValueError> {
        let Value::Text(key) = to_value(key)? else {
            return Err(ValueError::new("a dictionary's keys must be text"));
        };
        self.key = Some(key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        let key = self.key.take().unwrap_or_default();
        self.dict.push((key, to_value(value)?));
        Ok(())
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(self.finish())
    }
}
