//! A service crate without generated files in its repository: `build.rs` writes them, `include_events!` brings them in.

mod events {
    //! The contract's events.
    conecta_runtime::include_events!();
}

use conecta_runtime::Event as _;
use events::{PedidoRecibido, PedidoRecibidoLineas, PedidoRecibidoLineasItem};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let linea = PedidoRecibidoLineasItem::builder().articulo("A-1").cantidad(2.try_into()?).build()?;
    let lineas = PedidoRecibidoLineas::new(vec![linea])?;
    let pedido = PedidoRecibido::builder().pedido_id(4711.try_into()?).lineas(lineas).build()?;

    let message = pedido.to_message(&pedido.headers())?;
    let body = message.payload.unwrap_or_default();
    let key = message.key.unwrap_or_default();
    // What a publisher would send.
    #[allow(clippy::print_stdout)]
    {
        println!("{} {} {}", message.topic, String::from_utf8(key)?, String::from_utf8(body)?);
    }
    Ok(())
}
