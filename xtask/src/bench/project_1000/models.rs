//! A made-up shop's models: layers that build on each other, for both dialects from one text.
//!
//! A tenth is staging over the seeds, three tenths join staging, four tenths aggregate joins, and the rest ranks
//! aggregates. Which tables a model reads is drawn by a fixed rule, so that every run makes the same project. Every model
//! has one key column, which is unique, and two columns for checks.

/// A model.
pub(super) struct Model {
    /// Its schema, which is its layer.
    pub(super) schema: &'static str,
    /// Its name; no other model has it.
    pub(super) name: String,
    /// What it is, in a sentence.
    pub(super) description: String,
    /// Its key, a column that is unique and never null.
    pub(super) key: &'static str,
    /// A column of a few values, and these.
    pub(super) category: (&'static str, &'static [&'static str]),
    /// Its SQL, with `[schema.name]` for every table that it reads.
    pub(super) body: String,
}

/// The layers in order, with their tenths of all models.
const LAYERS: [(&str, usize); 4] = [("staging", 1), ("joined", 3), ("monthly", 4), ("ranking", 2)];
const REGIONS: &[&str] = &["north", "south", "east", "west"];
const BASKETS: &[&str] = &["single", "several", "bulk"];

/// Numbers drawn by a fixed rule (the constants of Knuth's MMIX generator).
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }
}

/// All models of a project of about `count`, in the order of layers.
pub(super) fn all(count: usize) -> Vec<Model> {
    let mut draw = Draw(1);
    let size = |layer: usize| (count * LAYERS[layer].1 / 10).max(3);
    let mut models: Vec<Model> = (0..size(0)).map(staging).collect();
    // Staging models are of three kinds by turns.
    let kinds = size(0) / 3;
    models.extend((0..size(1)).map(|number| {
        let [orders, customers, products] = [0, 1, 2].map(|kind| 3 * draw.below(kinds) + kind);
        joined(number, orders, customers, products)
    }));
    models.extend((0..size(2)).map(|number| monthly(number, draw.below(size(1)), draw.below(size(1)))));
    let rest = count.saturating_sub(models.len()).max(1);
    models.extend((0..rest).map(|number| ranking(number, draw.below(size(2)), draw.below(size(2)))));
    models
}

fn name(prefix: &str, number: usize) -> String {
    format!("{prefix}_{number:04}")
}

fn staging(number: usize) -> Model {
    let (prefix, description, key, category, body) = match number % 3 {
        0 => ("orders", "Orders above a smallest amount", "order_id", ("basket", BASKETS), staged_orders(number)),
        1 => ("customers", "Customers since a year", "customer_id", ("region", REGIONS), staged_customers(number)),
        _ => (
            "products",
            "Products up to a price",
            "product_id",
            ("tier", &["low", "high"][..]),
            staged_products(number),
        ),
    };
    Model { schema: LAYERS[0].0, name: name(prefix, number), description: description.to_owned(), key, category, body }
}

fn staged_orders(number: usize) -> String {
    format!(
        "\
with source as (
    select * from [seeds.orders]
),
cleaned as (
    select
        order_id,
        customer_id,
        product_id,
        ordered_on,
        quantity,
        amount,
        lower(status) as status,
        case when quantity >= 5 then 'bulk' when quantity >= 2 then 'several' else 'single' end as basket
    from source
    where amount >= {}
)
select *
from cleaned
where status <> 'cancelled'
",
        number % 20
    )
}

fn staged_customers(number: usize) -> String {
    format!(
        "\
with source as (
    select * from [seeds.customers]
),
cleaned as (
    select
        customer_id,
        trim(customer) as customer,
        lower(region) as region,
        segment,
        signed_up,
        extract(year from signed_up) as signed_up_year
    from source
)
select
    customer_id,
    customer,
    region,
    coalesce(segment, 'none') as segment,
    signed_up
from cleaned
where signed_up_year >= {}
",
        2010 + number % 5
    )
}

fn staged_products(number: usize) -> String {
    format!(
        "\
with source as (
    select * from [seeds.products]
),
priced as (
    select
        product_id,
        product,
        lower(category) as category,
        price,
        price * 0.8 as cost
    from source
    where price <= {}
)
select
    product_id,
    product,
    category,
    price,
    cost,
    case when price < 50 then 'low' else 'high' end as tier
from priced
",
        400 + number
    )
}

fn joined(number: usize, orders: usize, customers: usize, products: usize) -> Model {
    let body = format!(
        "\
with orders as (
    select * from [staging.{}]
),
customers as (
    select customer_id, region, segment from [staging.{}]
)
select
    o.order_id,
    o.ordered_on,
    cast(extract(month from o.ordered_on) as int) as month,
    coalesce(c.region, 'north') as region,
    coalesce(c.segment, 'none') as segment,
    coalesce(p.category, 'other') as category,
    o.quantity,
    o.amount,
    o.quantity * p.price as list_amount,
    o.amount - o.quantity * p.cost as margin
from orders as o
left join customers as c on c.customer_id = o.customer_id
left join [staging.{}] as p on p.product_id = o.product_id
where o.quantity > {}
",
        name("orders", orders),
        name("customers", customers),
        name("products", products),
        number % 2
    );
    Model {
        schema: LAYERS[1].0,
        name: name("sales", number),
        description: "Orders with what is known of their customers and products".to_owned(),
        key: "order_id",
        category: ("region", REGIONS),
        body,
    }
}

fn monthly(number: usize, sales: usize, reference: usize) -> Model {
    let body = format!(
        "\
with months as (
    select
        region,
        month,
        count(*) as orders,
        count(distinct category) as categories,
        sum(amount) as amount,
        avg(margin) as margin
    from [joined.{}]
    where amount > {}
    group by region, month
),
reference as (
    select region, sum(amount) as region_amount
    from [joined.{}]
    group by region
)
select
    concat(m.region, '-', cast(m.month as varchar)) as month_key,
    m.region, m.month, m.orders, m.categories, m.amount, m.margin,
    m.amount / nullif(r.region_amount, 0) as share
from months as m
left join reference as r on r.region = m.region
",
        name("sales", sales),
        number % 10,
        name("sales", reference)
    );
    Model {
        schema: LAYERS[2].0,
        name: name("months", number),
        description: "Sales by region and month, beside a region's total of other orders".to_owned(),
        key: "month_key",
        category: ("region", REGIONS),
        body,
    }
}

fn ranking(number: usize, left: usize, right: usize) -> Model {
    let body = format!(
        "\
with compared as (
    select
        a.month_key,
        a.region,
        a.month,
        a.amount,
        a.amount - coalesce(b.amount, 0) as more,
        a.orders + coalesce(b.orders, 0) as orders
    from [monthly.{}] as a
    left join [monthly.{}] as b on b.month_key = a.month_key
)
select
    month_key,
    region,
    month,
    amount,
    more,
    orders,
    rank() over (partition by region order by amount desc) as place,
    sum(amount) over (partition by region order by month) as amount_so_far
from compared
where orders >= {}
",
        name("months", left),
        name("months", right),
        number % 3
    );
    Model {
        schema: LAYERS[3].0,
        name: name("ranks", number),
        description: "Months of each region by their sales".to_owned(),
        key: "month_key",
        category: ("region", REGIONS),
        body,
    }
}

/// The seeds: name, and CSV of `rows` orders and what they refer to.
pub(super) fn seeds() -> [(&'static str, String); 3] {
    let mut draw = Draw(2);
    let day = |draw: &mut Draw, year: usize| format!("{year}-{:02}-{:02}", 1 + draw.below(12), 1 + draw.below(28));
    let mut customers = "customer_id,customer,region,segment,signed_up\n".to_owned();
    for id in 1..=200 {
        let (region, year) = (REGIONS[draw.below(4)], 2008 + draw.below(10));
        let segment = ["home", "office", "school"][draw.below(3)];
        customers += &format!("{id},Customer {id},{region},{segment},{}\n", day(&mut draw, year));
    }
    let mut products = "product_id,product,category,price\n".to_owned();
    for id in 1..=80 {
        let category = ["tools", "paper", "furniture", "lights"][draw.below(4)];
        products += &format!("{id},Product {id},{category},{}.{:02}\n", 2 + draw.below(500), draw.below(100));
    }
    let mut orders = "order_id,customer_id,product_id,ordered_on,quantity,amount,status\n".to_owned();
    for id in 1..=1000 {
        let (customer, product) = (1 + draw.below(200), 1 + draw.below(80));
        let (date, quantity) = (day(&mut draw, 2019), 1 + draw.below(9));
        let status = ["Shipped", "Shipped", "Open", "Cancelled"][draw.below(4)];
        let amount = format!("{}.{:02}", 1 + draw.below(900), draw.below(100));
        orders += &format!("{id},{customer},{product},{date},{quantity},{amount},{status}\n");
    }
    [("customers", customers), ("products", products), ("orders", orders)]
}

/// The body with every `[schema.name]` written by `write`.
pub(super) fn render(body: &str, write: impl Fn(&str, &str) -> String) -> String {
    let mut text = String::new();
    for (index, part) in body.split('[').enumerate() {
        match part.split_once(']') {
            Some((table, rest)) if index > 0 => {
                let (schema, name) = table.split_once('.').unwrap_or(("", table));
                text += &write(schema, name);
                text += rest;
            }
            _ => text += part,
        }
    }
    text
}
