//! The one integration binary; its folders mirror `src`.

mod store;
