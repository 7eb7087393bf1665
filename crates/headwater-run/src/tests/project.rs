//! Projects made in code.

use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_diagnostics::{SourceMap, Span};
use headwater_project::{
    Asset, AssetKind, CheckSpec, ColumnSpec, Environment, Input, Materialize, ModelAsset, Project, StreamAsset,
};
use headwater_sdk::TableName;
use headwater_sdk::check::{CompiledCheck, Probe, Severity, Threshold};
use headwater_sdk::connector::{Drift, OnBadRow, ReadMode, StreamSettings};
use serde_json::json;

use super::sql;

pub(super) struct Draft {
    files: SourceMap,
    assets: Vec<Asset>,
    secrets: Vec<String>,
}

pub(super) fn table(name: &str) -> TableName {
    name.parse().unwrap()
}

impl Draft {
    pub(super) fn new() -> Self {
        Self { files: SourceMap::default(), assets: Vec::new(), secrets: Vec::new() }
    }

    fn span(&mut self, name: &str, text: &str) -> Span {
        let file = self.files.add(format!("{name}.sql"), text.to_owned());
        Span { file, start: 0, end: text.len() }
    }

    fn add(mut self, name: &str, text: &str, kind: impl FnOnce(Span) -> AssetKind) -> Self {
        let span = self.span(name, text);
        let tables = sql::parse(text).map(|select| select.tables).unwrap_or_default();
        self.assets.push(Asset {
            name: table(name),
            span,
            path: format!("{name}.sql"),
            description: None,
            owner: None,
            tags: Vec::new(),
            columns: Vec::new(),
            checks: Vec::new(),
            inputs: tables.into_iter().map(|table| Input { table, span }).collect(),
            check_inputs: Vec::new(),
            kind: kind(span),
        });
        self
    }

    /// A stream that reads the folder of the same name.
    pub(super) fn stream(self, name: &str, mode: ReadMode) -> Self {
        let stream = json!({ "folder": name });
        self.add(name, "", |_| {
            AssetKind::Stream(StreamAsset {
                connector: "memory",
                source: json!({}),
                written: json!({ "source": {}, "stream": stream.clone() }),
                stream,
                settings: StreamSettings {
                    table: table(name),
                    mode,
                    on_bad_row: OnBadRow::Reject,
                    drift: Drift::Fail,
                    columns: Vec::new(),
                    key: Vec::new(),
                    lookback: None,
                },
                origin: format!("memory: {name}"),
                freshness: None,
                most_bad_rows: None,
            })
        })
    }

    pub(super) fn table(self, name: &str, sql: &str) -> Self {
        self.model(name, sql, Materialize::Table)
    }

    pub(super) fn view(self, name: &str, sql: &str) -> Self {
        self.model(name, sql, Materialize::View)
    }

    fn model(self, name: &str, sql: &str, materialize: Materialize) -> Self {
        self.add(name, sql, |body| {
            let mut model = ModelAsset::new(sql.to_owned(), body);
            model.materialize = materialize;
            AssetKind::Model(model)
        })
    }

    /// Adds a check to the last asset.
    pub(super) fn check(mut self, name: &str, severity: Severity, probe: Probe) -> Self {
        let asset = self.assets.last_mut().unwrap();
        if let Probe::References { to, .. } = &probe {
            asset.check_inputs.push(Input { table: to.clone(), span: asset.span });
        }
        let check = CompiledCheck {
            kind: name.split('(').next().unwrap().into(),
            name: name.into(),
            description: None,
            columns: Vec::new(),
            severity,
            threshold: Threshold::default(),
            filter: None,
            probe,
        };
        asset.checks.push(CheckSpec {
            check,
            span: asset.span,
            column_spans: Vec::new(),
            filter_span: None,
            written: None,
        });
        self
    }

    pub(super) fn not_null(self, column: &str, severity: Severity) -> Self {
        self.check(&format!("not_null({column})"), severity, Probe::NotNull { columns: vec![column.into()] })
    }

    pub(super) fn partitioned(mut self, column: &str) -> Self {
        if let AssetKind::Model(model) = &mut self.assets.last_mut().unwrap().kind {
            model.partition_by.push(column.into());
        }
        self
    }

    pub(super) fn described(mut self, column: &str) -> Self {
        let asset = self.assets.last_mut().unwrap();
        let (name, span) = (column.into(), asset.span);
        asset.columns.push(ColumnSpec { name, data_type: None, description: None, tags: Vec::new(), span });
        self
    }

    /// A value that may not be kept.
    pub(super) fn secret(mut self, value: &str) -> Self {
        self.secrets.push(value.to_owned());
        self
    }

    pub(super) fn build(self) -> Arc<Project> {
        let environment = Environment {
            name: "dev".into(),
            lake: "memory".into(),
            catalog: None,
            storage: BTreeMap::new(),
            memory: 1 << 20,
        };
        Arc::new(Project {
            dir: std::env::temp_dir(),
            name: "test".into(),
            environment,
            assets: self.assets,
            tests: Vec::new(),
            deliveries: Vec::new(),
            record_queries: true,
            secrets: self.secrets,
            secret_sources: Arc::default(),
        })
    }
}
