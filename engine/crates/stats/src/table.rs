//! Tables: named columns that leave as one Arrow record batch, never as rows of Python objects.

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use std::sync::Arc;

/// A column's values.
#[derive(Clone, Debug)]
pub enum Column {
    /// Counts and times.
    U64(Vec<u64>),
    /// Indices, −1 for none.
    I64(Vec<i64>),
    /// Times with fractions, shares.
    F64(Vec<f64>),
    /// Names that are declared somewhere.
    Name(Vec<&'static str>),
    /// Other text.
    Text(Vec<String>),
}

/// Columns of equal length.
#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: Vec<(&'static str, Column)>,
}

impl Table {
    /// A table without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more column.
    #[must_use]
    pub fn with(mut self, name: &'static str, column: Column) -> Self {
        self.columns.push((name, column));
        self
    }

    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(other, _)| *other == name).map(|(_, column)| column)
    }

    /// As an Arrow record batch; the vectors' memory moves into it.
    ///
    /// # Errors
    /// When the columns differ in length.
    pub fn into_record_batch(self) -> Result<RecordBatch, ArrowError> {
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = self
            .columns
            .into_iter()
            .map(|(name, column)| {
                let (data_type, array): (DataType, ArrayRef) = match column {
                    Column::U64(values) => (DataType::UInt64, Arc::new(UInt64Array::from(values))),
                    Column::I64(values) => (DataType::Int64, Arc::new(Int64Array::from(values))),
                    Column::F64(values) => (DataType::Float64, Arc::new(Float64Array::from(values))),
                    Column::Name(values) => (DataType::Utf8, Arc::new(StringArray::from(values))),
                    Column::Text(values) => (DataType::Utf8, Arc::new(StringArray::from(values))),
                };
                (Field::new(name, data_type, false), array)
            })
            .unzip();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
    }
}

/// Collects rows into a table's columns.
///
/// ```
/// let table = stats::table!([(0, 2.5), (1, 3.5)].into_iter(), |(cpu, ns)| { "cpu": I64 = *cpu, "ns": F64 = *ns, });
/// assert!(table.column("ns").is_some());
/// ```
#[macro_export]
macro_rules! table {
    ($rows:expr, |$row:pat_param| { $($name:literal : $kind:ident = $value:expr,)+ }) => {{
        let rows: Vec<_> = $rows.collect();
        #[allow(unused_variables, reason = "each column uses its own fields of the row")]
        let table = $crate::Table::new()$(.with($name, $crate::Column::$kind(rows.iter().map(|$row| $value).collect())))+;
        table
    }};
}
